import { AppError, toAppError, type ErrorCode } from '#shared/model/errors';
import {
  worstState,
  type Fact,
  type Finding,
  type HealthState,
  type ServiceGroup,
} from '#shared/model/health';

/** What one run of a check found. Without findings it is healthy. */
export interface CheckOutcome {
  /** Of the service itself; absent: the time of the whole run counts. */
  latencyMs?: number;
  summary: string;
  reading?: string;
  facts: Fact[];
  findings: Finding[];
}

/** One thing that is looked at again and again. */
export interface CheckDefinition {
  /** `supabase-postgres.query`: the service and what is checked. */
  readonly id: string;
  readonly title: string;
  readonly service: { readonly id: string; readonly title: string; readonly group: ServiceGroup };
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** The name or address that it connects to, to tell a lost network from a lost service. */
  readonly host?: string;
  /** Another check, without whose success a failure here says nothing. */
  readonly dependsOn?: string;
  /** Slower answers are degraded. */
  readonly slowMs?: number;
  /** What answers should not exceed; shown beside them and held against nobody. */
  readonly goalMs?: number;
  /** Runs are not given up before, even where the evidence then comes later than {@link withinInterval} promises. */
  readonly patienceMs?: number;
  /** Asks so much that it runs by its schedule and when its own service is asked for, not whenever everything is. */
  readonly costly?: boolean;
  /** Throws an AppError for a failure; rejects when aborted. Changes nothing that is not named in its settings. */
  run(signal: AbortSignal): Promise<CheckOutcome>;
}

/** Share of an interval. Two runs that hang, and the time before the first, are then over within two intervals. */
const hangingShare = 0.4;
/** A slow answer has to arrive to be called slow. */
const slowPatience = 1.5;

/** Gives a run up early enough that a service that hangs is seen within two intervals. */
export function withinInterval(check: CheckDefinition): CheckDefinition {
  const { intervalMs, timeoutMs, patienceMs = 0, slowMs = 0 } = check;
  const bound = Math.max(intervalMs * hangingShare, patienceMs, slowMs * slowPatience);
  return { ...check, timeoutMs: Math.min(Math.max(timeoutMs, slowMs * slowPatience), bound) };
}

/** An answer with the finding that it was slow, where it was. */
export function judgeSpeed(
  outcome: CheckOutcome,
  latencyMs: number,
  slowMs: number | undefined,
): CheckOutcome {
  if (slowMs === undefined || latencyMs <= slowMs || stateOf(outcome.findings) === 'down') return outcome;
  const slow = finding(
    'SLOW',
    'degraded',
    `The answer took ${readableMs(latencyMs)}; from ${readableMs(slowMs)} on it is slow.`,
    'Look at the load of the host and the database, and at what was deployed last.',
  );
  return {
    ...outcome,
    summary: outcome.findings.length === 0 ? slow.message : outcome.summary,
    findings: [...outcome.findings, slow],
  };
}

/** The state that the findings make. */
export function stateOf(findings: readonly Finding[]): HealthState {
  return worstState(findings.map((finding) => finding.state));
}

export function finding(code: Finding['code'], state: HealthState, message: string, remedy: string): Finding {
  return { code, state, message, remedy };
}

/** Failures of Cutover's own settings or of its rights: they say nothing of the service. */
const notChecked: readonly ErrorCode[] = [
  'INVALID_INPUT',
  'SETTING_MISSING',
  'SETTING_INVALID',
  'SECRETS_LOCKED',
  'SECRETS_STORE_UNAVAILABLE',
  'SSH_HOST_KEY_UNKNOWN',
  'SSH_KEY_UNREADABLE',
  'SUPABASE_DIRECT_HOST_NEEDS_IPV6',
  'SUPABASE_TRANSACTION_POOLER',
  'WORKSPACE_NOT_OPEN',
  'WORKSPACE_UNREADABLE',
  'CANCELLED',
  'INTERNAL',
];
/** The service answers, but not to us or not with everything. */
const degraded: readonly ErrorCode[] = [
  'SUPABASE_KEY_REFUSED',
  'DATABASE_AUTH_FAILED',
  'OBJECTS_AUTH_FAILED',
  'SSH_AUTH_FAILED',
  'DOCKER_PERMISSION_DENIED',
  'DATABASE_PERMISSION_DENIED',
  'DATABASE_STATEMENT_FAILED',
  'OBJECTS_PERMISSION_DENIED',
  'OBJECTS_THROTTLED',
  'TARGET_READ_ONLY',
];
const network: readonly ErrorCode[] = ['HOST_NOT_FOUND', 'HOST_UNREACHABLE', 'TIMED_OUT', 'CONNECTION_LOST'];

/** A failed run as an outcome with one finding. */
export function failedOutcome(error: unknown): CheckOutcome {
  const { code, message, hint } = toAppError(error);
  const state = notChecked.includes(code) ? 'unknown' : degraded.includes(code) ? 'degraded' : 'down';
  return {
    summary: message,
    facts: [],
    findings: [finding(code, state, message, hint ?? 'Look at the service itself, then check again.')],
  };
}

/** Whether a failure is of the kind that a machine without network sees everywhere. */
export function looksLikeNetwork(findings: readonly Finding[]): boolean {
  return findings.some(({ code }) => code === 'NETWORK_LOST' || network.some((known) => known === code));
}

/** The failure of a check that gave no answer in its time. */
export function noAnswer(limitMs: number): AppError {
  return new AppError('TIMED_OUT', `There was no answer within ${Math.round(limitMs / 100) / 10} s.`, {
    hint: 'Check that the service runs and is not overloaded, and that no firewall swallows the connection.',
    retryable: true,
  });
}

/** Milliseconds as a reading: `12 ms`, `1.4 s`. */
export function readableMs(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
