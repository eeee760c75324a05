import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { isCancelled } from '#shared/model/errors';
import type { HealthConfig, HealthOverview, Incident } from '#shared/model/health';
import type { SettingName } from '#shared/model/settings';
import { client } from '../../api/client';
import { keys } from '../../api/queries';
import { acknowledge } from '../../ui/toast';
import type { Range } from './health.logic';
import { rangeMs } from './health.logic';

const overviewKey = [...keys.health, 'overview'];

/** Everything as it stands, kept fresh by the host while the page is seen. */
export function useHealth() {
  const queryClient = useQueryClient();
  const overview = useQuery({
    queryKey: overviewKey,
    queryFn: ({ signal }) => client.call('health.overview', {}, { signal }),
  });
  useEffect(() => {
    let watching: AbortController | undefined;
    const follow = async (signal: AbortSignal): Promise<void> => {
      while (!signal.aborted) {
        try {
          for await (const { event } of client.stream('health.watch', {}, { signal }))
            queryClient.setQueryData<HealthOverview>(overviewKey, event);
        } catch (error) {
          if (isCancelled(error)) return;
        }
        await new Promise((resolve) => setTimeout(resolve, 5000));
      }
    };
    // A page that nobody sees costs nothing: the host goes on watching without it.
    const turn = (): void => {
      watching?.abort();
      watching = undefined;
      if (document.visibilityState !== 'visible') return;
      watching = new AbortController();
      void follow(watching.signal);
    };
    turn();
    document.addEventListener('visibilitychange', turn);
    return () => {
      document.removeEventListener('visibilitychange', turn);
      watching?.abort();
    };
  }, [queryClient]);
  return overview;
}

/** Runs the checks of one service or all. */
export function useCheckNow() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (service: string | undefined) =>
      client.call('health.checkNow', service === undefined ? {} : { service }),
    onSuccess: (overview) => queryClient.setQueryData<HealthOverview>(overviewKey, overview),
  });
}

const settingsKey = [...keys.health, 'settings'];

export function useHealthSettings() {
  return useQuery({
    queryKey: settingsKey,
    queryFn: ({ signal }) => client.call('health.settings', {}, { signal }),
  });
}

/** Changes some of the health settings: those that are no secret, and those that connections keep. */
export function useConfigure() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: async (change: {
      config?: Partial<HealthConfig>;
      values?: Partial<Record<SettingName, string | null>>;
    }) => {
      if (change.values !== undefined && Object.keys(change.values).length > 0)
        await client.call('connections.update', { values: change.values });
      const { config } = await client.call('health.settings', {});
      return client.call('health.configure', { config: { ...config, ...change.config } });
    },
    onSuccess: async (settings) => {
      queryClient.setQueryData(settingsKey, settings);
      await queryClient.invalidateQueries({ queryKey: keys.health });
      acknowledge('Saved.');
    },
  });
}

/** The latencies and the uptime of a check over a time that ends now. */
export function useSeries(check: string | undefined, range: Range) {
  return useQuery({
    queryKey: [...keys.health, 'series', check, range],
    enabled: check !== undefined,
    queryFn: ({ signal }) => {
      const to = Date.now();
      return client.call(
        'health.series',
        {
          check: check ?? '',
          from: new Date(to - rangeMs[range]).toISOString(),
          to: new Date(to).toISOString(),
          points: 400,
        },
        { signal },
      );
    },
    refetchInterval: 30_000,
  });
}

/** What operators and deploys did shortly before and during an incident. */
export function useAround(incident: Incident | undefined) {
  return useQuery({
    queryKey: [...keys.activity, 'around', incident?.id],
    enabled: incident !== undefined,
    queryFn: ({ signal }) => {
      const start = Date.parse(incident?.startedAt ?? '');
      return client.call(
        'activity.list',
        {
          limit: 50,
          from: new Date(start - 30 * 60_000).toISOString(),
          ...(incident?.endedAt === undefined ? {} : { to: incident.endedAt }),
        },
        { signal },
      );
    },
  });
}

/** Sends a test to the receivers as they are saved. */
export function useTestAlert() {
  return useMutation({ mutationFn: () => client.call('health.testAlert', {}) });
}

export function useNote() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (note: { id: string; text: string }) => client.call('health.note', note),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: keys.health }),
  });
}
