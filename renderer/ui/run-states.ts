import type { RunState } from '#shared/model/run';
import type { Tone } from './tag';

/** How a run's state reads and which colour it has. */
export const runStates: Record<RunState, { label: string; tone: Tone }> = {
  planned: { label: 'Planned', tone: 'idle' },
  running: { label: 'Copying', tone: 'run' },
  paused: { label: 'Paused', tone: 'warn' },
  cancelling: { label: 'Cancelling', tone: 'warn' },
  cancelled: { label: 'Cancelled', tone: 'idle' },
  failed: { label: 'Failed', tone: 'bad' },
  interrupted: { label: 'Interrupted', tone: 'warn' },
  verifying: { label: 'Verifying', tone: 'run' },
  succeeded: { label: 'Succeeded', tone: 'ok' },
  'succeeded-with-warnings': { label: 'Succeeded with warnings', tone: 'warn' },
};
