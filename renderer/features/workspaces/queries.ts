import { useMutation, useQueryClient, type QueryClient } from '@tanstack/react-query';
import type { WorkspaceView } from '#shared/contract/workspaces';
import { client } from '../../api/client';
import { keys } from '../../api/queries';
import { forgetRuns } from '../../api/run-feed';

/** Everything on the page belongs to a workspace: another one makes it ask for all of it again. */
function enter(queryClient: QueryClient, workspace: WorkspaceView): void {
  forgetRuns();
  queryClient.removeQueries({
    predicate: (query) => query.queryKey[0] !== keys.info[0] && query.queryKey[0] !== keys.workspace[0],
  });
  queryClient.setQueryData(keys.workspace, workspace);
  void queryClient.invalidateQueries();
}

export function useOpenWorkspace() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (input: { path: string }) => client.call('workspaces.open', input),
    onSuccess: (workspace) => enter(queryClient, workspace),
  });
}

export function useCreateWorkspace() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (input: { name: string; path?: string }) => client.call('workspaces.create', input),
    onSuccess: (workspace) => enter(queryClient, workspace),
  });
}

export function useUnlock() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (input: { passphrase: string }) => client.call('workspaces.unlock', input),
    onSuccess: (workspace) => enter(queryClient, workspace),
  });
}
