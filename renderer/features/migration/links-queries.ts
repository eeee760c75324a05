import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import type { CorsWish } from '#shared/contract/access';
import { client } from '../../api/client';
import { keys } from '../../api/queries';
import { useWork } from '../../api/work';
import { acknowledge } from '../../ui/toast';
import { useMigrationView } from './view-store';

const rewritesKey = ['link rewrites'];
/** Different addresses that a check on the page asks; the command line asks more. */
const addressesAsked = 10_000;
const samplesShown = 10;

/** Looks through a database for links; reads only. */
export function useFindLinks() {
  return useWork({
    start: (side: 'source' | 'target', signal) =>
      client.stream('links.find', { side, samples: samplesShown }, { signal }),
  });
}

/** The rewrites whose old values the target still has. */
export function useRewrites() {
  return useQuery({
    queryKey: rewritesKey,
    queryFn: ({ signal }) => client.call('links.rewrites', {}, { signal }),
  });
}

/** Asks the public addresses for the links that a rewrite wrote. */
export function useCheckLinks() {
  return useWork({
    start: (rewrite: string, signal) =>
      client.stream('links.check', { rewrite, limit: addressesAsked }, { signal }),
  });
}

function useRefreshRewrites() {
  const queryClient = useQueryClient();
  return async () => {
    await queryClient.invalidateQueries({ queryKey: rewritesKey });
    await queryClient.invalidateQueries({ queryKey: keys.activity });
  };
}

/** Gives rows their old links back. */
export function useUndoLinks() {
  return useWork({
    start: (rewrite: string, signal) => client.stream('links.undo', { rewrite }, { signal }),
    onSettled: useRefreshRewrites(),
  });
}

/** Removes the old values for good. */
export function useForgetLinks() {
  const refresh = useRefreshRewrites();
  return useMutation({
    mutationFn: () => client.call('links.forget', {}),
    onSuccess: async () => {
      acknowledge('The old values are removed.');
      await refresh();
    },
  });
}

/** Plans a run that rewrites links and nothing else. */
export function usePlanRewrite() {
  const navigate = useNavigate();
  return () => {
    useMigrationView.setState({ chosen: ['links'] });
    useMigrationView.getState().prepare();
    void navigate({ to: '/migration' });
  };
}

const accessKey = ['access'];

/** Public access and CORS rules of the migration's buckets, with what they should be. */
export function useAccess(wish: CorsWish) {
  return useQuery({
    queryKey: [...accessKey, wish],
    queryFn: ({ signal }) => client.call('access.show', wish, { signal }),
    retry: false,
  });
}

/** Replaces CORS rules on R2 with the proposed ones. */
export function useApplyCors(wish: CorsWish) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (targets: string[]) => client.call('access.apply', { ...wish, targets }),
    onSuccess: async ({ applied }) => {
      acknowledge(`CORS rules set on ${applied.join(', ')}.`);
      await queryClient.invalidateQueries({ queryKey: accessKey });
    },
  });
}

/** Asks the addresses as a browser does before it lets a page read or write. */
export function useTestCors(wish: CorsWish) {
  return useMutation({ mutationFn: () => client.call('access.test', wish) });
}
