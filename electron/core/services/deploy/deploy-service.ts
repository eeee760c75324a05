import type { LogLine } from '#shared/contract/deploy';
import type { DeployStatus, PreflightFinding, ReleasePlan, ReleaseRecord } from '#shared/model/deploy';
import { stackNameSchema } from '#shared/model/deploy';
import { AppError, toAppError } from '#shared/model/errors';
import { logFrames } from '../../adapters/docker/log-frames';
import {
  initialiseSwarm,
  stackServices,
  stackTasks,
  type SwarmService,
  updateService,
} from '../../adapters/docker/swarm';
import { openHostSession, type SshSecrets } from '../../adapters/ssh/open-host';
import type { Settings } from '../../ports/settings';
import { redactingFailures } from '../settings/redact-error';
import { type ApplyOptions, applyRelease, rollBackTo } from './apply-release';
import { type BundleSource, readBundle } from './compose-bundle';
import { brokenBy, defaultDockerSocket, type DeployHost, openDeployHost } from './deploy-host';
import { preflight, requireClear } from './preflight';
import { portsFinding, preflightRelease, unreadableRelease } from './preflight-release';
import { environmentOf, planRelease } from './release-plan';
import { environmentRedactor } from './release-secrets';
import { listReleases, readLock, withLock } from './release-store';
import { awaitRollout, engineTime, stackOf, type Tell } from './rollout';
import { serviceStatus, shortName } from './service-status';

export interface LogFilter {
  /** Absent: all of the stack. */
  services?: readonly string[] | undefined;
  /** Lines of each service's past. */
  tail: number;
  follow: boolean;
}

/** Releases of one stack on the workspace's host. Every call connects for itself; all throw the codes of SSH and Docker. */
export interface DeployService {
  /** Whether the host is ready, and ready for the release in the source where there is one. Changes nothing. */
  preflight(source: BundleSource, signal: AbortSignal): Promise<PreflightFinding[]>;
  /** What a release would change. Changes nothing. */
  plan(source: BundleSource, signal: AbortSignal): Promise<ReleasePlan>;
  /** See `applyRelease`. */
  apply(source: BundleSource, options: ApplyOptions, tell: Tell, signal: AbortSignal): Promise<ReleaseRecord>;
  /** Makes a kept release serve again. */
  rollback(release: string, limitMs: number, tell: Tell, signal: AbortSignal): Promise<ReleaseRecord>;
  status(signal: AbortSignal): Promise<DeployStatus>;
  /** Sets how many of a service run, and waits until they do. */
  scale(service: string, replicas: number, limitMs: number, tell: Tell, signal: AbortSignal): Promise<void>;
  /** Replaces a service's containers one by one with new ones of the same image. */
  restart(service: string, limitMs: number, tell: Tell, signal: AbortSignal): Promise<void>;
  logs(filter: LogFilter, signal: AbortSignal): AsyncIterable<LogLine>;
  /** Makes the host the manager of a swarm of its own. */
  initialiseSwarm(signal: AbortSignal): Promise<void>;
}

/** The name of the stack unless the settings give one. */
const defaultStack = 'app';

/** The releases on the host and in the stack that the settings name. */
export function createDeployService(settings: () => Promise<Settings>, secrets: SshSecrets): DeployService {
  const connect = async (signal: AbortSignal) => {
    const given = await settings();
    const stack = parseStack(given.get('EASYPANEL_STACK') ?? defaultStack);
    const socket = given.get('EASYPANEL_DOCKER_SOCKET') ?? defaultDockerSocket;
    const session = await openHostSession(given, secrets, signal);
    return {
      stack,
      host: await openDeployHost(session, stack, socket, signal),
      // What containers print may hold what they were given.
      redact: (text: string) => given.redact(text),
    };
  };
  const withHost = async <T>(
    signal: AbortSignal,
    body: (host: DeployHost, stack: string, redact: (text: string) => string) => Promise<T>,
  ): Promise<T> => {
    const { host, stack, redact } = await connect(signal);
    try {
      return await body(host, stack, redact);
    } finally {
      host.close();
    }
  };
  const change = (
    name: string,
    limitMs: number,
    tell: Tell,
    signal: AbortSignal,
    spec: (service: SwarmService) => SwarmService['Spec'],
  ) =>
    withHost(signal, (host, stack) =>
      withLock(host, signal, async () => {
        const service = await findService(host, stack, name, signal);
        const since = await engineTime(host, signal);
        await updateService(host.docker, service, spec(service), signal);
        await awaitRollout(stackOf(host, stack), since, limitMs, tell, signal);
      }),
    );

  return {
    preflight: async (source, signal) => {
      const bundle = await readBundle(source).catch(toAppError);
      return withHost(signal, async (host, stack) => {
        const findings = await preflight(host, stack, signal);
        if (bundle instanceof AppError) return [...findings, unreadableRelease(bundle)];
        // Only a manager of a swarm knows whose its ports are.
        if (findings.some(({ id, severity }) => id === 'swarm' && severity === 'blocker')) return findings;
        return [...findings, ...(await preflightRelease(host, stack, bundle, signal))];
      });
    },
    plan: async (source, signal) => {
      const bundle = await readBundle(source);
      return withHost(signal, async (host, stack) =>
        planRelease(stack, bundle, await stackServices(host.docker, stack, signal)),
      );
    },
    apply: async (source, options, tell, signal) => {
      const bundle = await readBundle(source);
      const redactRelease = environmentRedactor(
        bundle.services.flatMap(({ environment }) => [...environment]),
      );
      return withHost(signal, async (host, stack, redact) => {
        requireClear(await preflight(host, stack, signal));
        requireClear([await portsFinding(host, stack, bundle, signal)]);
        const hide = (text: string) => redactRelease(redact(text));
        const tellSafely: Tell = (event) =>
          tell(event.type === 'log' ? { ...event, line: hide(event.line) } : event);
        return redactingFailures(hide, () => applyRelease(host, stack, bundle, options, tellSafely, signal));
      });
    },
    rollback: (release, limitMs, tell, signal) =>
      withHost(signal, (host) => rollBackTo(host, release, { limitMs }, tell, signal)),
    status: (signal) =>
      withHost(signal, async (host, stack) => {
        const [services, tasks, releases, lock] = await Promise.all([
          stackServices(host.docker, stack, signal),
          stackTasks(host.docker, stack, signal),
          listReleases(host, signal),
          readLock(host, signal),
        ]);
        const live = releases.find(({ state }) => state === 'live');
        return {
          stack,
          engine: host.docker.engineVersion,
          services: services
            .map((service) => serviceStatus(stack, service, tasks))
            .sort((a, b) => a.name.localeCompare(b.name)),
          releases: lock?.stale === false ? releases : releases.map(interrupted),
          ...(live === undefined ? {} : { live: live.id }),
          ...(lock === undefined
            ? {}
            : {
                lock: {
                  by: lock.by,
                  at: lock.at,
                  stale: lock.stale,
                  ...(lock.release === undefined ? {} : { release: lock.release }),
                },
              }),
        };
      }),
    scale: (name, replicas, limitMs, tell, signal) =>
      change(name, limitMs, tell, signal, ({ Spec }) => ({
        ...Spec,
        Mode: { ...Spec.Mode, Replicated: { ...Spec.Mode.Replicated, Replicas: replicas } },
      })),
    restart: (name, limitMs, tell, signal) =>
      change(name, limitMs, tell, signal, ({ Spec }) => ({
        ...Spec,
        TaskTemplate: { ...Spec.TaskTemplate, ForceUpdate: (Spec.TaskTemplate.ForceUpdate ?? 0) + 1 },
      })),
    logs: async function* (filter, signal) {
      const { host, stack, redact } = await connect(signal);
      try {
        const all = await stackServices(host.docker, stack, signal);
        const chosen = all.filter(
          (service) => filter.services === undefined || filter.services.includes(shortName(stack, service)),
        );
        const redactRelease = environmentRedactor(all.flatMap(environmentOf));
        for await (const line of merged(
          chosen.map((service) => serviceLog(host, stack, service, filter, signal)),
        ))
          yield { ...line, text: redactRelease(redact(line.text)) };
      } catch (error) {
        throw await brokenBy(host.ssh, error);
      } finally {
        host.close();
      }
    },
    initialiseSwarm: (signal) =>
      withHost(signal, (host) => initialiseSwarm(host.docker, '127.0.0.1', signal)),
  };
}

/** Without a deployment under way nobody applies anything. */
const interrupted = (release: ReleaseRecord): ReleaseRecord =>
  release.state === 'applying' ? { ...release, state: 'interrupted' } : release;

function parseStack(name: string): string {
  const parsed = stackNameSchema.safeParse(name);
  if (parsed.success) return parsed.data;
  throw new AppError('SETTING_INVALID', `${name} can't be the name of a stack.`, {
    hint: parsed.error.issues[0]?.message,
    details: { setting: 'EASYPANEL_STACK' },
  });
}

async function findService(
  host: DeployHost,
  stack: string,
  name: string,
  signal: AbortSignal,
): Promise<SwarmService> {
  const services = await stackServices(host.docker, stack, signal);
  const found = services.find((service) => shortName(stack, service) === name);
  if (found !== undefined) return found;
  throw new AppError('NOT_FOUND', `The stack ${stack} has no service ${name}.`, {
    hint:
      services.length === 0
        ? 'Nothing is deployed yet.'
        : `It has ${services.map((service) => shortName(stack, service)).join(', ')}.`,
  });
}

async function* serviceLog(
  host: DeployHost,
  stack: string,
  service: SwarmService,
  { tail, follow }: LogFilter,
  signal: AbortSignal,
): AsyncGenerator<LogLine> {
  const answer = await host.docker.stream(
    {
      path: `/services/${service.ID}/logs`,
      query: { stdout: '1', stderr: '1', timestamps: '1', tail: String(tail), follow: follow ? '1' : '0' },
    },
    signal,
  );
  const read = logFrames();
  const name = shortName(stack, service);
  try {
    for await (const chunk of answer) {
      if (!Buffer.isBuffer(chunk)) continue;
      for (const { stream, text } of read(chunk)) {
        const [, at = '', line = ''] = /^(\S+) ([^]*?)\n?$/.exec(text) ?? [];
        yield { service: name, at, stream, text: line };
      }
    }
  } finally {
    answer.destroy();
  }
}

/** What several sources give, as it comes. */
async function* merged<T>(sources: AsyncGenerator<T>[]): AsyncGenerator<T> {
  const pending = new Map(
    sources.map((source) => [source, source.next().then((result) => ({ source, result }))] as const),
  );
  try {
    while (pending.size > 0) {
      const { source, result } = await Promise.race(pending.values());
      if (result.done === true) pending.delete(source);
      else {
        pending.set(
          source,
          source.next().then((next) => ({ source, result: next })),
        );
        yield result.value;
      }
    }
  } finally {
    await Promise.allSettled(sources.map((source) => source.return(undefined)));
  }
}
