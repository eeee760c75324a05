import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { ExposureFinding } from '#shared/contract/exposure';
import { client } from '../../api/client';
import { keys } from '../../api/queries';
import { plural } from '../../ui/format';
import { acknowledge } from '../../ui/toast';

const exposureKey = ['exposure'];

/** What the publishable key reaches on the target; the REST interface is asked too. */
export function useExposure() {
  return useQuery({
    queryKey: exposureKey,
    queryFn: ({ signal }) => client.call('exposure.show', { ask: true }, { signal }),
    retry: false,
    refetchOnWindowFocus: false,
  });
}

/** Applies fixes that were read on the page. */
export function useCloseExposure() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (findings: readonly ExposureFinding[]) =>
      client.call('exposure.apply', { fixes: findings.map(({ id, sql }) => ({ id, sql })) }),
    onSuccess: async ({ applied }) => {
      acknowledge(`${plural(applied.length, 'fix', 'fixes')} applied.`);
      await queryClient.invalidateQueries({ queryKey: keys.activity });
    },
    onSettled: () => queryClient.invalidateQueries({ queryKey: exposureKey }),
  });
}
