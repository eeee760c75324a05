import type { ErrorCode } from '#shared/model/errors';
import type { RunOutcomeClass } from '#shared/model/run-view';

/** What `cutover` ends with; scripts rely on the numbers. */
export const exitCodes = { done: 0, failed: 1, usage: 2, refused: 3, differs: 4, cancelled: 130 } as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** The exit code for a failure of a command. */
export function exitCodeOfError(code: ErrorCode): ExitCode {
  switch (code) {
    case 'INVALID_INPUT':
    case 'NOT_FOUND':
    case 'SETTING_MISSING':
    case 'SETTING_INVALID':
    case 'WORKSPACE_NOT_OPEN':
    case 'WORKSPACE_NOT_FOUND':
    case 'SECRETS_LOCKED':
      return exitCodes.usage;
    case 'TARGET_NOT_EMPTY':
    case 'PLAN_CHANGED':
    case 'RUN_LOCKED':
    case 'RUN_NOT_RESUMABLE':
    case 'RUN_HEADER_MISMATCH':
      return exitCodes.refused;
    case 'VERIFICATION_DIFFERS':
      return exitCodes.differs;
    case 'CANCELLED':
      return exitCodes.cancelled;
    default:
      return exitCodes.failed;
  }
}

/** The exit code for the end of a run. */
export function exitCodeOfOutcome(outcome: RunOutcomeClass): ExitCode {
  return exitCodes[outcome];
}
