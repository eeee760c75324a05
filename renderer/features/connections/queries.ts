import { useIsMutating, useMutation, useMutationState, useQueryClient } from '@tanstack/react-query';
import type { ConnectionTest, ConnectionView } from '#shared/contract/connections';
import { ends, type End, type SettingName } from '#shared/model/settings';
import { client } from '../../api/client';
import { keys } from '../../api/queries';
import { acknowledge } from '../../ui/toast';

/** Saves settings of any end; null removes one. */
export function useUpdateSettings() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (values: Partial<Record<SettingName, string | null>>) =>
      client.call('connections.update', { values }),
    onSuccess: (connections) => {
      queryClient.setQueryData(keys.connections, connections);
      acknowledge('Saved.');
    },
  });
}

const testKey = (end: End) => ['connections.test', end];

/** Tests one end; the result becomes part of the connection. */
export function useTestConnection(end: End) {
  const queryClient = useQueryClient();
  const test = useMutation<ConnectionTest>({
    mutationKey: testKey(end),
    mutationFn: () => client.call('connections.test', { end }),
    onSuccess: (result) => {
      queryClient.setQueryData<ConnectionView[]>(keys.connections, (known) =>
        known?.map((connection) =>
          connection.end === end ? { ...connection, lastTest: result } : connection,
        ),
      );
    },
  });
  const error = useMutationState({
    filters: { mutationKey: testKey(end), status: 'error' },
    select: (mutation) => mutation.state.error,
  }).at(-1);
  return {
    run: () => test.mutate(),
    testing: useIsMutating({ mutationKey: testKey(end) }) > 0,
    error: error ?? undefined,
  };
}

/** Tests every end that is set up, all at once. */
export function useTestAll() {
  const queryClient = useQueryClient();
  const tests: Record<End, ReturnType<typeof useTestConnection>> = {
    sourceDatabase: useTestConnection('sourceDatabase'),
    sourceObjects: useTestConnection('sourceObjects'),
    supabase: useTestConnection('supabase'),
    r2: useTestConnection('r2'),
    easypanel: useTestConnection('easypanel'),
  };
  return {
    testing: ends.some((end) => tests[end].testing),
    run: () => {
      const connections = queryClient.getQueryData<ConnectionView[]>(keys.connections) ?? [];
      for (const { end, state } of connections) if (state === 'configured') tests[end].run();
    },
  };
}

/** Reads an `.env` or Compose text; with `apply` it also fills the settings in. */
export function useImport() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (input: { format: 'env' | 'compose'; text: string; apply: boolean }) =>
      client.call('connections.import', input),
    onSuccess: (_result, { apply }) => {
      if (!apply) return;
      void queryClient.invalidateQueries({ queryKey: keys.connections });
      acknowledge('Imported.');
    },
  });
}
