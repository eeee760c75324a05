import { queryOptions } from '@tanstack/react-query';
import { client } from './client';
import { noteRuns } from './run-feed';

/** Keys of everything that more than one feature reads. */
export const keys = {
  info: ['info'],
  workspace: ['workspace'],
  workspaces: ['workspaces'],
  connections: ['connections'],
  runs: ['runs'],
  activity: ['activity'],
  health: ['health'],
  buckets: ['buckets'],
} as const;

export const infoQuery = queryOptions({
  queryKey: keys.info,
  queryFn: ({ signal }) => client.call('system.info', {}, { signal }),
  staleTime: Infinity,
});

export const workspaceQuery = queryOptions({
  queryKey: keys.workspace,
  queryFn: ({ signal }) => client.call('workspaces.current', {}, { signal }),
});

export const workspacesQuery = queryOptions({
  queryKey: keys.workspaces,
  queryFn: ({ signal }) => client.call('workspaces.list', {}, { signal }),
});

export const connectionsQuery = queryOptions({
  queryKey: keys.connections,
  queryFn: ({ signal }) => client.call('connections.list', {}, { signal }),
});

/** Newest first. Asked again now and then, because another host may start a run on the same workspace. */
export const runsQuery = queryOptions({
  queryKey: keys.runs,
  queryFn: async ({ signal }) => {
    const runs = await client.call('runs.list', {}, { signal });
    noteRuns(runs);
    return runs.toSorted((a, b) => b.id.localeCompare(a.id));
  },
  refetchInterval: 4000,
});
