import { z } from 'zod';
import { classifyDockerMessage } from '../../../adapters/docker/classify';
import { shellWord } from '../../../adapters/ssh/ssh-session';
import { AppError } from '#shared/model/errors';
import type { Finding } from '#shared/model/health';
import { type CheckDefinition, finding } from '../check';
import type { HostShell } from './host';

const imageSchema = z.object({ ImageId: z.string(), Made: z.string() });

const containerSchema = z.object({
  Image: z.string().default(''),
  Name: z.string(),
  RestartCount: z.number().default(0),
  Created: z.string().default(''),
  Config: z.object({ Labels: z.record(z.string(), z.string()).nullish() }).default({}),
  State: z.object({
    Status: z.string(),
    OOMKilled: z.boolean().default(false),
    ExitCode: z.number().default(0),
    FinishedAt: z.string().default(''),
    Health: z.object({ Status: z.string() }).nullish(),
  }),
});
/** What `docker inspect` tells of a container, as far as it is judged. */
export type Container = z.infer<typeof containerSchema>;

/** The containers on the host: whether those that ought to run do, and why not. */
export function containersCheck(shell: HostShell, host: string, socket: string | undefined): CheckDefinition {
  const script = containerScript(socket);
  let restarts: ReadonlyMap<string, number> = new Map();
  return {
    id: 'containers.state',
    title: 'Containers',
    service: { id: 'containers', title: 'Containers', group: 'host' },
    host,
    dependsOn: 'easypanel-host.system',
    intervalMs: 30_000,
    timeoutMs: 20_000,
    run: async (signal) => {
      const { code, stdout, stderr } = await shell(script, signal);
      if (code !== 0) {
        throw (
          classifyDockerMessage(stderr) ??
          new AppError('INVALID_INPUT', 'Docker can’t be asked on the host.', {
            hint: 'Check that Docker runs there, and that the user belongs to the group docker.',
            details: { said: stderr.slice(0, 300) },
          })
        );
      }
      const { containers, images } = parseInspected(stdout);
      const places = placesOf(containers);
      const findings = places.flatMap((place) => judgePlace(place, restarts, Date.now()));
      restarts = new Map(containers.map((container) => [container.Name, container.RestartCount]));
      const running = places.filter(({ now }) => now.State.Status === 'running').length;
      return {
        summary: findings[0]?.message ?? `${running} of ${places.length} running`,
        reading: `${running} running`,
        facts: places.slice(0, 100).map(({ name, now: { Image, State, RestartCount, Created } }) => ({
          label: name,
          value: `${State.Status}${State.Health == null ? '' : `, ${State.Health.Status}`}, ${RestartCount} restarts, made ${Created.slice(0, 10)}${imageAge(images.get(Image))}`,
        })),
        findings,
      };
    },
  };
}

function containerScript(socket: string | undefined): string {
  const docker = socket === undefined ? 'docker' : `docker -H ${shellWord(`unix://${socket}`)}`;
  // A container may outlive its image: then its age is not told.
  const images = `${docker} image inspect --format '{"ImageId":{{json .Id}},"Made":{{json .Created}}}' $(${docker} inspect --format '{{.Image}}' $ids | sort -u) 2>/dev/null`;
  return `ids=$(${docker} ps -aq --no-trunc) && { [ -z "$ids" ] || { ${docker} inspect --format '{{json .}}' $ids && { ${images} || true; }; }; }`;
}

function parseInspected(stdout: string): { containers: Container[]; images: Map<string, string> } {
  const images = new Map<string, string>();
  const containers: Container[] = [];
  for (const line of stdout.split('\n').filter((text) => text.startsWith('{'))) {
    const told: unknown = JSON.parse(line);
    const image = imageSchema.safeParse(told);
    if (image.success) images.set(image.data.ImageId, image.data.Made);
    else containers.push(containerSchema.parse(told));
  }
  return { containers, images };
}

/** Where one container runs at a time: a container of its own, or a slot of a swarm's service with those that were there before. */
interface Place {
  name: string;
  now: Container;
  earlier: Container[];
}

/** A swarm makes a new container for each start and keeps some of the old ones, which say nothing of what runs now. */
export function placesOf(containers: readonly Container[]): Place[] {
  const places = new Map<string, Container[]>();
  for (const container of containers) {
    const key = slotOf(container) ?? container.Name.replace(/^\//, '');
    places.set(key, [...(places.get(key) ?? []), container]);
  }
  return [...places].flatMap(([name, all]) => {
    const [now, ...earlier] = all.toSorted((a, b) => b.Created.localeCompare(a.Created));
    return now === undefined ? [] : [{ name, now, earlier }];
  });
}

/** `service.1`, from the task's name `service.1.id`; undefined outside of a swarm. */
function slotOf({ Config: { Labels } }: Container): string | undefined {
  const task = Labels?.['com.docker.swarm.task.name'];
  return task?.slice(0, Math.max(0, task.lastIndexOf('.')));
}

/** For so long an end counts after the swarm has started another one. */
const lately = 15 * 60_000;
const oftenEnded = 2;

/** What is wrong with one place, the cause before its effects. `before`: restarts by name, as they were last time. */
export function judgePlace(
  { name, now, earlier }: Place,
  before: ReadonlyMap<string, number>,
  time: number,
): Finding[] {
  const { State, RestartCount } = now;
  const known = before.get(now.Name);
  const ended = earlier.filter(
    ({ State: { ExitCode, FinishedAt, OOMKilled } }) =>
      (OOMKilled || !isOrderly(ExitCode)) && time - Date.parse(FinishedAt) < lately,
  );
  const found = (code: Finding['code'], message: string, remedy: string) => [
    finding(code, 'degraded', message, remedy),
  ];
  const log = `See its log: docker logs --tail 100 ${now.Name.replace(/^\//, '')}`;
  if (State.OOMKilled || ended.some((container) => container.State.OOMKilled)) {
    return found(
      'CONTAINER_OUT_OF_MEMORY',
      `${name} was ended because it used too much memory.`,
      'Raise its memory limit, or lower what it does at once.',
    );
  }
  if (State.Status === 'restarting' || (known !== undefined && RestartCount > known)) {
    return found(
      'CONTAINER_RESTARTS',
      `${name} restarts again and again (${RestartCount} times).`,
      `${log}.`,
    );
  }
  if (ended.length >= oftenEnded) {
    return found(
      'CONTAINER_RESTARTS',
      `${name} was started anew ${ended.length} times within 15 minutes.`,
      `See docker service ps for why, and the log: docker service logs --tail 100 ${name.replace(/\.[^.]*$/, '')}.`,
    );
  }
  if (State.Status === 'exited' && !isOrderly(State.ExitCode)) {
    return found(
      'CONTAINER_NOT_RUNNING',
      `${name} ended with exit code ${State.ExitCode}.`,
      `${log}; remove it if it is an old one.`,
    );
  }
  if (State.Status === 'paused' || State.Status === 'dead') {
    return found(
      'CONTAINER_NOT_RUNNING',
      `${name} is ${State.Status}.`,
      `Go on with docker unpause, or start it anew.`,
    );
  }
  if (State.Health?.Status === 'unhealthy') {
    return found(
      'CONTAINER_UNHEALTHY',
      `${name} fails its health check.`,
      `See docker inspect ${now.Name.replace(/^\//, '')}, State.Health, for what the check said.`,
    );
  }
  return [];
}

/** It ended by itself, or because it was told to. */
function isOrderly(exitCode: number): boolean {
  return exitCode === 0 || exitCode === 143;
}

/** How old an image is; nothing for one that is gone or tells no date. */
function imageAge(made: string | undefined): string {
  const days = made === undefined ? Number.NaN : Math.floor((Date.now() - Date.parse(made)) / 86_400_000);
  return days >= 0 && days < 20_000 ? `, image ${days} days old` : '';
}
