import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { DatabaseChoices } from '#shared/model/database-choices';
import { client } from '../../api/client';
import { acknowledge } from '../../ui/toast';
import { choicesKey } from './queries';

const schemaKey = ['schema entries'];
const once = {
  retry: false,
  staleTime: Infinity,
  refetchOnWindowFocus: false,
  refetchOnReconnect: false,
} as const;

/** The source's schema, as the kept choices have it applied. */
export function useSchema() {
  return useQuery({
    queryKey: schemaKey,
    queryFn: ({ signal }) => client.call('migration.schema', {}, { signal }),
    ...once,
    staleTime: 0,
  });
}

/** The schema as choices that are not kept yet would have it applied; idle without such choices. */
export function useTriedSchema(choices: DatabaseChoices | undefined) {
  return useQuery({
    queryKey: [...schemaKey, choices],
    queryFn: ({ signal }) => client.call('migration.schema', { choices }, { signal }),
    enabled: choices !== undefined,
    placeholderData: keepPreviousData,
    gcTime: 0,
    ...once,
  });
}

/** Keeps what is left out; plans that are read elsewhere are made anew. */
export function useKeepSchema() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (choices: DatabaseChoices) => client.call('migration.chooseDatabase', choices),
    onSuccess: async () => {
      acknowledge('Kept. The next plan goes by it.');
      await Promise.all([
        queryClient.invalidateQueries({ queryKey: choicesKey }),
        queryClient.invalidateQueries({ queryKey: schemaKey, exact: true }),
      ]);
    },
  });
}
