import type { ErrorCode } from '#shared/model/errors';
import type { RunOutcomeClass } from '#shared/model/run-view';

/** What `cutover` ends with; scripts rely on the numbers. */
export const exitCodes = { done: 0, failed: 1, usage: 2, refused: 3, differs: 4, cancelled: 130 } as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** The caller has to give something, or something else. */
const usage: readonly ErrorCode[] = [
  'INVALID_INPUT',
  'NOT_FOUND',
  'SETTING_MISSING',
  'SETTING_INVALID',
  'WORKSPACE_NOT_OPEN',
  'WORKSPACE_NOT_FOUND',
  'SECRETS_LOCKED',
];
/** Cutover declines, and nothing was written. */
const refused: readonly ErrorCode[] = [
  'TARGET_NOT_EMPTY',
  'PLAN_CHANGED',
  'RUN_LOCKED',
  'RUN_NOT_RESUMABLE',
  'RUN_HEADER_MISMATCH',
  'RELEASE_LOCKED',
  'SWARM_INACTIVE',
  'COMPOSE_INVALID',
  'LOAD_NEEDS_CONSENT',
  'LOAD_ROUTE_FAILS',
  'LOAD_RUNNING',
];

/** The exit code for a failure of a command. */
export function exitCodeOfError(code: ErrorCode): ExitCode {
  if (usage.includes(code)) return exitCodes.usage;
  if (refused.includes(code)) return exitCodes.refused;
  if (code === 'VERIFICATION_DIFFERS') return exitCodes.differs;
  return code === 'CANCELLED' ? exitCodes.cancelled : exitCodes.failed;
}

/** The exit code for the end of a run. */
export function exitCodeOfOutcome(outcome: RunOutcomeClass): ExitCode {
  return exitCodes[outcome];
}
