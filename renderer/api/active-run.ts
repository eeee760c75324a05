import { useQuery } from '@tanstack/react-query';
import type { RunSummary } from '#shared/model/run';
import { isSettled } from '#shared/model/run-view';
import { runsQuery, workspaceQuery } from './queries';
import { useRun, type WatchedRun } from './run-feed';

/** All runs of the open workspace, newest first; undefined while loading or without a workspace. */
export function useRuns(): RunSummary[] | undefined {
  const workspace = useQuery(workspaceQuery);
  return useQuery({
    ...runsQuery,
    enabled: workspace.data != null && workspace.data.secrets.state === 'open',
  }).data;
}

/** The run under way, otherwise the newest; `id` is undefined when there is none. */
export function useActiveRun(): WatchedRun & { id: string | undefined } {
  const runs = useRuns();
  const id = (runs?.find((run) => !isSettled(run.state)) ?? runs?.[0])?.id;
  return { ...useRun(id), id };
}
