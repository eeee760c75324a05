import type { Lane, RunView } from '#shared/model/run';
import type { RunsService } from '../runs/runs-service';
import type { ActivityLog } from './activity-log';

/**
 * Makes the function that records that a run was begun or taken up, and how it ended if it ends here. It never rejects: the run's
 * journal is the truth, and a run goes on when this log can't be written.
 */
export function runActivity(log: ActivityLog) {
  return async (
    action: 'run.start' | 'run.resume',
    runs: RunsService,
    runId: string,
    only?: readonly Lane[],
  ): Promise<void> => {
    try {
      await log.record({
        area: 'migration',
        action,
        target: runId,
        outcome: 'done',
        ...(only === undefined ? {} : { detail: only.join(', ') }),
      });
      const ended = endOf(await runs.settled(runId));
      if (ended !== undefined)
        await log.record({ area: 'migration', action: 'run.end', target: runId, ...ended });
    } catch {
      return;
    }
  };
}

/** Undefined while the run is not at an end: the host closes, and another one may take it up. */
function endOf(view: RunView): { outcome: 'done' | 'partial' | 'failed'; detail: string } | undefined {
  switch (view.state) {
    case 'succeeded':
    case 'succeeded-with-warnings':
      return { outcome: 'done', detail: view.state };
    case 'cancelled':
      return { outcome: 'partial', detail: 'Cancelled. It can be resumed.' };
    case 'failed':
      return { outcome: 'failed', detail: view.error?.message ?? 'failed' };
    case 'planned':
    case 'running':
    case 'paused':
    case 'cancelling':
    case 'verifying':
    case 'interrupted':
      return undefined;
  }
}
