import type { Lane } from '#shared/model/run';
import { runActivity } from './services/activity/run-activity';
import type { ActivityLog } from './services/activity/activity-log';
import type { RunsService } from './services/runs/runs-service';

/** How a runs service is wrapped. */
export interface NotedRunsOptions {
  activity: ActivityLog;
  /** Throws `SETTING_MISSING` when a lane lacks what it needs. */
  requireSettings: (only: readonly Lane[]) => Promise<void>;
  /** Takes secrets out of what a call throws. */
  safely: <T>(call: () => Promise<T>) => Promise<T>;
}

/** A runs service whose runs begin only with their settings, throw no secret, and are written to Activity. */
export function notedRuns(
  service: RunsService,
  { activity, requireSettings, safely }: NotedRunsOptions,
): RunsService {
  const note = runActivity(activity);
  const noted = new Set<Promise<void>>();
  return {
    ...service,
    plan: (only, signal) =>
      safely(async () => {
        await requireSettings(only);
        return service.plan(only, signal);
      }),
    start: (input, signal) =>
      safely(async () => {
        await requireSettings(input.only);
        const started = await service.start(input, signal);
        noted.add(note('run.start', service, started.runId, input.only));
        return started;
      }),
    resume: (runId) =>
      safely(async () => {
        const resumed = await service.resume(runId);
        noted.add(note('run.resume', service, runId));
        return resumed;
      }),
    verify: (runId) => safely(() => service.verify(runId)),
    close: async () => {
      await service.close();
      await Promise.all(noted);
    },
  };
}
