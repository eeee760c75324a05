import type { LogLine } from '#shared/contract/deploy';
import type {
  ContainerUse,
  DeployStatus,
  PreflightFinding,
  ReleasePlan,
  ReleaseRecord,
  RuntimeKind,
} from '#shared/model/deploy';
import { stackNameSchema } from '#shared/model/deploy';
import { AppError, toAppError } from '#shared/model/errors';
import { engineInfo, initialiseSwarm } from '../../adapters/docker/swarm';
import { openHostSession, type SshSecrets } from '../../adapters/ssh/open-host';
import type { Settings } from '../../ports/settings';
import { redactingFailures } from '../settings/redact-error';
import { type ApplyOptions, applyRelease, otherRuntime, rollBackTo } from './apply-release';
import { type BundleSource, readBundle } from './compose-bundle';
import { composeRuntime } from './compose-runtime';
import { measureUse } from './container-use';
import { brokenBy, defaultDockerSocket, type DeployHost, openDeployHost } from './deploy-host';
import { preflight, requireClear } from './preflight';
import { portsFinding, preflightRelease, unreadableRelease } from './preflight-release';
import { environmentRedactor } from './release-secrets';
import { listReleases, readLock, releaseFolder, withLock } from './release-store';
import type { Tell } from './rollout';
import type { LogFilter, Runtime } from './runtime';
import { swarmRuntime } from './swarm-runtime';

/** Releases of one stack on the workspace's host. Every call connects for itself; all throw the codes of SSH and Docker. */
export interface DeployService {
  /** Whether the host is ready, and ready for the release in the source where there is one. Changes nothing. */
  preflight(source: BundleSource, signal: AbortSignal): Promise<PreflightFinding[]>;
  /** What a release would change. Changes nothing. */
  plan(source: BundleSource, signal: AbortSignal): Promise<ReleasePlan>;
  /** See `applyRelease`. */
  apply(
    source: BundleSource,
    options: ApplyOptions & { runtime: RuntimeKind },
    tell: Tell,
    signal: AbortSignal,
  ): Promise<ReleaseRecord>;
  /** Makes a kept release serve again. */
  rollback(release: string, limitMs: number, tell: Tell, signal: AbortSignal): Promise<ReleaseRecord>;
  status(signal: AbortSignal): Promise<DeployStatus>;
  /** Sets how many of a service run, and waits until they do. */
  scale(service: string, replicas: number, limitMs: number, tell: Tell, signal: AbortSignal): Promise<void>;
  /** Replaces a service's containers one by one with new ones of the same image. */
  restart(service: string, limitMs: number, tell: Tell, signal: AbortSignal): Promise<void>;
  logs(filter: LogFilter, signal: AbortSignal): AsyncIterable<LogLine>;
  /** See `measureUse`. */
  use(signal: AbortSignal): AsyncIterable<ContainerUse[]>;
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
  return {
    preflight: async (source, signal) => {
      const bundle = await readBundle(source).catch(toAppError);
      return withHost(signal, async (host, stack) => {
        const findings = await preflight(host, stack, signal);
        if (bundle instanceof AppError) return [...findings, unreadableRelease(bundle)];
        const { runtime } = await runtimeNow(host, stack, signal);
        return [...findings, ...(await preflightRelease(host, runtime, bundle, signal))];
      });
    },
    plan: async (source, signal) => {
      const bundle = await readBundle(source);
      return withHost(signal, async (host, stack) =>
        (await runtimeNow(host, stack, signal)).runtime.plan(bundle, signal),
      );
    },
    apply: async (source, { runtime: wanted, ...options }, tell, signal) => {
      const bundle = await readBundle(source);
      bundle.files(wanted);
      const redactRelease = environmentRedactor(
        bundle.services.flatMap(({ environment }) => [...environment]),
      );
      return withHost(signal, async (host, stack, redact) => {
        const { runtime: now, live } = await runtimeNow(host, stack, signal);
        const running = live?.runtime === now.kind && now.kind !== wanted;
        if (running && (await now.services(signal)).length > 0) throw otherRuntime(now.kind);
        const runtime = runtimeOf(wanted, host, stack);
        const findings = await preflight(host, stack, signal);
        requireClear(wanted === 'swarm' ? findings : findings.filter(({ id }) => id !== 'swarm'));
        requireClear([await portsFinding(host, runtime, bundle, signal)]);
        const hide = (text: string) => redactRelease(redact(text));
        const tellSafely: Tell = (event) =>
          tell(event.type === 'log' ? { ...event, line: hide(event.line) } : event);
        return redactingFailures(hide, () =>
          applyRelease(host, runtime, stack, bundle, options, tellSafely, signal),
        );
      });
    },
    rollback: (release, limitMs, tell, signal) =>
      withHost(signal, async (host, stack) =>
        rollBackTo(host, (await runtimeNow(host, stack, signal)).runtime, release, { limitMs }, tell, signal),
      ),
    status: (signal) =>
      withHost(signal, async (host, stack) => {
        const { runtime, releases, live } = await runtimeNow(host, stack, signal);
        const [services, lock] = await Promise.all([runtime.services(signal), readLock(host, signal)]);
        return {
          stack,
          engine: host.docker.engineVersion,
          runtime: runtime.kind,
          services: services.sort((a, b) => a.name.localeCompare(b.name)),
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
      withHost(signal, (host, stack) =>
        withLock(host, signal, async () => {
          const { runtime, live } = await runtimeNow(host, stack, signal);
          const folder = live === undefined ? undefined : releaseFolder(host, live.id);
          await runtime.scale(name, replicas, folder, limitMs, tell, signal);
        }),
      ),
    restart: (name, limitMs, tell, signal) =>
      withHost(signal, (host, stack) =>
        withLock(host, signal, async () => {
          const { runtime } = await runtimeNow(host, stack, signal);
          await runtime.restart(name, limitMs, tell, signal);
        }),
      ),
    logs: async function* (filter, signal) {
      const { host, stack, redact } = await connect(signal);
      try {
        const { runtime } = await runtimeNow(host, stack, signal);
        const { environment, lines } = await runtime.logs(filter, signal);
        const redactRelease = environmentRedactor(environment);
        for await (const line of lines) yield { ...line, text: redactRelease(redact(line.text)) };
      } catch (error) {
        throw await brokenBy(host.ssh, error);
      } finally {
        host.close();
      }
    },
    use: async function* (signal) {
      const { host, stack } = await connect(signal);
      try {
        const { runtime } = await runtimeNow(host, stack, signal);
        yield* measureUse(host, stack, runtime.kind, signal);
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

const runtimeOf = (kind: RuntimeKind, host: DeployHost, stack: string): Runtime =>
  kind === 'swarm' ? swarmRuntime(host, stack) : composeRuntime(host, stack);

/** What runs the stack: as its live release was made; where there is none, what the last one tried, else a swarm where the host has one. */
async function runtimeNow(
  host: DeployHost,
  stack: string,
  signal: AbortSignal,
): Promise<{ runtime: Runtime; releases: ReleaseRecord[]; live: ReleaseRecord | undefined }> {
  const [releases, { Swarm }] = await Promise.all([
    listReleases(host, signal),
    engineInfo(host.docker, signal),
  ]);
  const live = releases.find(({ state }) => state === 'live');
  const manages = Swarm.LocalNodeState === 'active' && Swarm.ControlAvailable === true;
  const kind = live?.runtime ?? releases[0]?.runtime ?? (manages ? 'swarm' : 'compose');
  // A swarm that was left has nothing to tell.
  return { runtime: runtimeOf(manages ? kind : 'compose', host, stack), releases, live };
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
