import { z } from 'zod';
import { AppError } from '#shared/model/errors';
import type { Finding } from '#shared/model/health';
import { type CommandResult, shellWord } from '../../../adapters/ssh/ssh-session';
import { type CheckDefinition, finding } from '../check';
import { parseHostFacts, type HostFacts } from './host-facts';

/** Runs a command on the host over one connection that all checks share. */
export type HostShell = (command: string, signal: AbortSignal) => Promise<CommandResult>;

const service = { id: 'easypanel-host', title: 'Easypanel host', group: 'host' } as const;

/**
 * Plain POSIX, one line an answer, each with its name before it: a part that a host lacks leaves its line empty. `stat -f` and `df -P`
 * are there on Alpine as well.
 */
const hostScript = (disks: readonly string[]): string =>
  [
    ': cutover-host-facts',
    'echo "clock $(date +%s)"',
    'echo "load $(cat /proc/loadavg)"',
    'echo "cpus $(grep -c ^processor /proc/cpuinfo)"',
    'echo "memory $(grep -E "^(MemTotal|MemAvailable|SwapTotal|SwapFree):" /proc/meminfo | tr -s " \\n" " ")"',
    // Without a folder df would list what no operator can free, such as read-only images.
    ...(disks.length === 0
      ? []
      : [
          `df -Pk ${disks.join(' ')} 2>/dev/null | tail -n +2 | sed "s/^/disk /"`,
          `df -Pi ${disks.join(' ')} 2>/dev/null | tail -n +2 | sed "s/^/inodes /"`,
        ]),
    'echo "reboot $(test -e /var/run/reboot-required && echo yes || echo no)"',
    'echo "units $(systemctl --failed --no-legend --plain 2>/dev/null | cut -d " " -f 1 | tr "\\n" " ")"',
  ].join('; ');

interface HostOptions {
  /** Folders on the disks that are looked at. */
  disks: readonly string[];
  /** Path of Docker's socket on the host, where it is another one. */
  dockerSocket: string | undefined;
}

/** The machine under the containers. */
export function hostChecks(
  shell: HostShell,
  host: string,
  { disks, dockerSocket }: HostOptions,
): CheckDefinition[] {
  return [
    {
      id: 'easypanel-host.system',
      title: 'System',
      service,
      host,
      intervalMs: 30_000,
      timeoutMs: 20_000,
      run: async (signal) => {
        const asked = Date.now();
        const { code, stdout } = await shell(hostScript(disks), signal);
        if (code !== 0 && stdout === '') throw cannotRun(code);
        const facts = parseHostFacts(stdout);
        const drift =
          facts.clock === undefined ? undefined : Math.abs(facts.clock * 1000 - (asked + Date.now()) / 2);
        const findings = judgeHost(facts, drift);
        return {
          summary: findings[0]?.message ?? summaryOf(facts),
          reading: facts.load === undefined ? '' : `load ${facts.load.toFixed(1)}`,
          facts: listed(facts, drift),
          findings,
        };
      },
    },
    {
      id: 'containers.state',
      title: 'Containers',
      service: { id: 'containers', title: 'Containers', group: 'host' },
      host,
      dependsOn: 'easypanel-host.system',
      intervalMs: 30_000,
      timeoutMs: 20_000,
      run: containers(shell, dockerSocket),
    },
  ];
}

function cannotRun(code: number | null): AppError {
  return new AppError(
    'INVALID_INPUT',
    `The host does not run the commands of this check (exit code ${String(code)}).`,
    {
      hint: 'Sign in as a user with a shell on a Linux host.',
    },
  );
}

function summaryOf({ disks, memoryUsed }: HostFacts): string {
  const percent = (share: number | undefined) => (share === undefined ? '?' : `${Math.round(share * 100)}%`);
  const fullest = disks.length === 0 ? undefined : Math.max(...disks.map(({ used }) => used));
  return `Disk ${percent(fullest)} · memory ${percent(memoryUsed)}`;
}

function listed(facts: HostFacts, drift: number | undefined) {
  const percent = (share: number | undefined) =>
    share === undefined ? 'not told' : `${Math.round(share * 100)}%`;
  return [
    { label: 'Load', value: `${String(facts.load ?? '?')} on ${String(facts.cpus ?? '?')} cores` },
    { label: 'Memory in use', value: percent(facts.memoryUsed) },
    ...facts.disks.map(({ mount, used }) => ({ label: `Disk at ${mount}`, value: percent(used) })),
    ...facts.inodes.map(({ mount, used }) => ({ label: `Inodes at ${mount}`, value: percent(used) })),
    { label: 'Clock differs by', value: drift === undefined ? 'not told' : `${(drift / 1000).toFixed(1)} s` },
    { label: 'Reboot needed', value: facts.reboot ? 'yes' : 'no' },
    { label: 'Failed units', value: facts.failedUnits.length === 0 ? 'none' : facts.failedUnits.join(', ') },
  ];
}

function judgeHost(facts: HostFacts, drift: number | undefined): Finding[] {
  const findings: Finding[] = [];
  const add = (when: boolean, ...rest: Parameters<typeof finding>) => {
    if (when) findings.push(finding(...rest));
  };
  const percent = (share: number) => `${Math.round(share * 100)}%`;
  for (const { mount, used } of facts.disks) {
    add(
      used > 0.85,
      'DISK_NEARLY_FULL',
      used > 0.97 ? 'down' : 'degraded',
      `The disk at ${mount} is ${percent(used)} full.`,
      'Remove old images with docker image prune, and look for growing logs and volumes.',
    );
  }
  for (const { mount, used } of facts.inodes) {
    add(
      used > 0.9,
      'INODES_NEARLY_USED',
      'degraded',
      `${percent(used)} of the inodes at ${mount} are used.`,
      'Look for a folder with very many small files.',
    );
  }
  add(
    (facts.memoryUsed ?? 0) > 0.93,
    'MEMORY_LOW',
    'degraded',
    `${percent(facts.memoryUsed ?? 0)} of the memory is in use.`,
    'See docker stats; lower the workers’ concurrency or choose a larger host.',
  );
  add(
    (facts.load ?? 0) > 2 * (facts.cpus ?? 1) + 1,
    'LOAD_HIGH',
    'degraded',
    `The load is ${String(facts.load)} on ${String(facts.cpus)} cores.`,
    'See which container is busy with docker stats.',
  );
  add(
    (drift ?? 0) > 10_000,
    'CLOCK_DRIFTS',
    'degraded',
    `The clock of the host is ${Math.round((drift ?? 0) / 1000)} s off.`,
    'Start time synchronisation: timedatectl set-ntp true. Tokens expire by this clock.',
  );
  add(
    facts.failedUnits.length > 0,
    'UNITS_FAILED',
    'degraded',
    `Failed units: ${facts.failedUnits.join(', ')}.`,
    'See journalctl -u for each, then systemctl restart or reset-failed.',
  );
  add(
    facts.reboot,
    'REBOOT_NEEDED',
    'degraded',
    'An update of the host waits for a restart.',
    'Restart the host at a quiet time; set a maintenance window first.',
  );
  return findings;
}

const imageSchema = z.object({ ImageId: z.string(), Made: z.string() });

const containerSchema = z.object({
  Image: z.string().default(''),
  Name: z.string(),
  RestartCount: z.number().default(0),
  Created: z.string().default(''),
  State: z.object({
    Status: z.string(),
    OOMKilled: z.boolean().default(false),
    ExitCode: z.number().default(0),
    Health: z.object({ Status: z.string() }).nullish(),
  }),
});

const containerScript = (socket: string | undefined): string => {
  const docker = socket === undefined ? 'docker' : `docker -H ${shellWord(`unix://${socket}`)}`;
  // A container may outlive its image: then its age is not told.
  const images = `${docker} image inspect --format '{"ImageId":{{json .Id}},"Made":{{json .Created}}}' $(${docker} inspect --format '{{.Image}}' $ids | sort -u) 2>/dev/null`;
  return `ids=$(${docker} ps -aq --no-trunc) && { [ -z "$ids" ] || { ${docker} inspect --format '{{json .}}' $ids && { ${images} || true; }; }; }`;
};

function containers(shell: HostShell, socket: string | undefined): CheckDefinition['run'] {
  const script = containerScript(socket);
  const restarts = new Map<string, number>();
  return async (signal) => {
    const { code, stdout, stderr } = await shell(script, signal);
    if (code !== 0) {
      throw new AppError('INVALID_INPUT', 'Docker can’t be asked on the host.', {
        hint: 'Check that Docker runs there, and that the user belongs to the group docker.',
        details: { said: stderr.slice(0, 300) },
      });
    }
    const lines = stdout.split('\n').filter((line) => line.startsWith('{'));
    const told = lines.map((line): unknown => JSON.parse(line));
    const images = new Map<string, string>();
    for (const line of told) {
      const image = imageSchema.safeParse(line);
      if (image.success) images.set(image.data.ImageId, image.data.Made);
    }
    const found = told
      .filter((line) => !imageSchema.safeParse(line).success)
      .map((line) => containerSchema.parse(line));
    const findings: Finding[] = [];
    for (const { Name, RestartCount, State } of found) {
      const name = Name.replace(/^\//, '');
      const before = restarts.get(name);
      restarts.set(name, RestartCount);
      if (State.OOMKilled) {
        findings.push(
          finding(
            'CONTAINER_OUT_OF_MEMORY',
            'degraded',
            `${name} was ended because it used too much memory.`,
            'Raise its memory limit, or lower what it does at once.',
          ),
        );
      } else if (State.Status === 'restarting' || (before !== undefined && RestartCount > before)) {
        findings.push(
          finding(
            'CONTAINER_RESTARTS',
            'degraded',
            `${name} restarts again and again (${RestartCount} times).`,
            `See its log: docker logs --tail 100 ${name}.`,
          ),
        );
      } else if (State.Status === 'exited' && State.ExitCode !== 0 && State.ExitCode !== 143) {
        findings.push(
          finding(
            'CONTAINER_NOT_RUNNING',
            'degraded',
            `${name} ended with exit code ${State.ExitCode}.`,
            `See its log: docker logs --tail 100 ${name}; remove it if it is an old one.`,
          ),
        );
      } else if (State.Health?.Status === 'unhealthy') {
        findings.push(
          finding(
            'CONTAINER_UNHEALTHY',
            'degraded',
            `${name} fails its health check.`,
            `See docker inspect ${name}, State.Health, for what the check said.`,
          ),
        );
      }
    }
    const running = found.filter(({ State }) => State.Status === 'running').length;
    return {
      summary: findings[0]?.message ?? `${running} of ${found.length} running`,
      reading: `${running} running`,
      facts: found.slice(0, 100).map(({ Name, Image, State, RestartCount, Created }) => ({
        label: Name.replace(/^\//, ''),
        value: `${State.Status}${State.Health == null ? '' : `, ${State.Health.Status}`}, ${RestartCount} restarts, made ${Created.slice(0, 10)}${imageAge(images.get(Image))}`,
      })),
      findings,
    };
  };
}

/** How old an image is; nothing for one that is gone or tells no date. */
function imageAge(made: string | undefined): string {
  const days = made === undefined ? Number.NaN : Math.floor((Date.now() - Date.parse(made)) / 86_400_000);
  return days >= 0 && days < 20_000 ? `, image ${days} days old` : '';
}
