import type { Finding, HealthState } from '#shared/model/health';
import { type CheckDefinition, type CheckOutcome, finding, looksLikeNetwork } from './check';
import { isLoopbackHost } from './loopback';

/** A check's last run. */
export interface LastRun {
  /** Milliseconds since 1970. */
  at: number;
  monotonic: number;
  latencyMs: number;
  outcome: CheckOutcome;
  raw: HealthState;
}

/** A check as far as others may have to answer for it. */
export interface Asked {
  definition: CheckDefinition;
  last?: LastRun;
  /** Monotonic time of the first failure in a row. */
  failingSince?: number;
}

/** Whether a failure may be held against the service. */
export interface Blame<Other = Asked> {
  /** `lost`: this machine reaches nobody. `unclear`: others have to be asked first. */
  verdict: 'believe' | 'unclear' | 'lost';
  /** Who has not run since. */
  ask: Other[];
}

/** Looks whether what a check depends on works, and whether others are reached at all, before a service is blamed. */
export function blame<Other extends Asked>(known: {
  entry: Other;
  outcome: CheckOutcome;
  /** What it depends on. */
  on: Other | undefined;
  all: readonly Other[];
  hasNetwork: () => boolean;
}): Blame<Other> {
  const { entry, outcome, on, all } = known;
  const since = entry.failingSince ?? 0;
  const isOlder = ({ last }: Other) => (last?.monotonic ?? -1) < since;
  if (on !== undefined && isOlder(on)) return { verdict: 'unclear', ask: [on] };
  const { host } = entry.definition;
  const believed: Blame<Other> = { verdict: 'believe', ask: [] };
  if (host === undefined || isLoopbackHost(host) || !looksLikeNetwork(outcome.findings)) return believed;
  if (!known.hasNetwork()) return { verdict: 'lost', ask: [] };
  const others = all.filter(({ definition: { host: name } }) => {
    return name !== undefined && name !== host && !isLoopbackHost(name);
  });
  const answered = others.some(
    (other) => other.last !== undefined && !isOlder(other) && !looksLikeNetwork(other.last.outcome.findings),
  );
  if (others.length === 0 || answered) return believed;
  const ask = others.filter(isOlder);
  return { verdict: ask.length === 0 ? 'lost' : 'unclear', ask };
}

/** What a check shows whose failure says nothing because of another one's. */
export function dependencyDown(
  last: LastRun,
  shown: HealthState,
  on: CheckDefinition | undefined,
): Pick<LastRun, 'at' | 'latencyMs' | 'outcome'> {
  const { at, latencyMs, outcome } = last;
  if (shown !== 'unknown' || on === undefined) return { at, latencyMs, outcome };
  const message = `${on.service.title} does not answer, so nothing is known of this.`;
  const because = finding(
    'DEPENDENCY_DOWN',
    'unknown',
    message,
    `See to ${on.service.title} first: its own check says what is wrong.`,
  );
  return { at, latencyMs, outcome: { ...outcome, summary: message, findings: [because] } };
}

/** What a check shows while this machine reaches nobody. */
export function networkLost(): Finding {
  return finding(
    'NETWORK_LOST',
    'unknown',
    'This machine reaches none of the services: its own network is gone.',
    'Check the network of this machine. Watching goes on by itself.',
  );
}
