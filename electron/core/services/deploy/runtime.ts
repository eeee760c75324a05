import type { LogLine } from '#shared/contract/deploy';
import type { ReleasePlan, ReleaseRecord, RuntimeKind, ServiceStatus } from '#shared/model/deploy';
import type { ComposeBundle } from './compose-bundle';
import type { Tell } from './rollout';

export interface LogFilter {
  /** Absent: all of the stack. */
  services?: readonly string[] | undefined;
  /** Lines of each service's past. */
  tail: number;
  follow: boolean;
}

export interface RolloutOptions {
  /** Removes services that the compose file no longer has. */
  prune: boolean;
  /** Milliseconds for all services to become healthy. */
  limitMs: number;
}

/** What runs a stack's services on its host: a swarm, which replaces them without a gap, or Compose, which can't. */
export interface Runtime {
  readonly kind: RuntimeKind;
  services(signal: AbortSignal): Promise<ServiceStatus[]>;
  plan(bundle: ComposeBundle, signal: AbortSignal): Promise<ReleasePlan>;
  /** Ports of the host that the stack's own services publish, and those of others with their names. */
  ports(signal: AbortSignal): Promise<{ own: ReadonlySet<number>; others: ReadonlyMap<number, string> }>;
  /** Lets the host's own client read the release's compose file in its folder. Throws `COMPOSE_INVALID`. */
  validate(folder: string, signal: AbortSignal): Promise<void>;
  /** Makes the files of a release in its folder what runs, and waits until it is healthy. Throws `RELEASE_FAILED` and `TIMED_OUT`. */
  deploy(
    record: ReleaseRecord,
    folder: string,
    options: RolloutOptions,
    tell: Tell,
    signal: AbortSignal,
  ): Promise<void>;
  /** Throws `NOT_FOUND` for a service that the stack does not have. */
  scale(
    service: string,
    replicas: number,
    folder: string | undefined,
    limitMs: number,
    tell: Tell,
    signal: AbortSignal,
  ): Promise<void>;
  restart(service: string, limitMs: number, tell: Tell, signal: AbortSignal): Promise<void>;
  /** What services print, and the variables that they were given, whose secrets are to be taken out of it. */
  logs(
    filter: LogFilter,
    signal: AbortSignal,
  ): Promise<{ environment: [string, string][]; lines: AsyncIterable<LogLine> }>;
}
