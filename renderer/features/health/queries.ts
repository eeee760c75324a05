import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { LogLine } from '#shared/contract/deploy';
import { type AppError, isCancelled } from '#shared/model/errors';
import type { HealthConfig, HealthOverview, Incident } from '#shared/model/health';
import type { SettingName } from '#shared/model/settings';
import { client } from '../../api/client';
import { followStream } from '../../api/follow-stream';
import { keys } from '../../api/queries';
import { acknowledge } from '../../ui/toast';
import { rangeMs, type Range, type TimeWindow } from './health.logic';

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

/** The latencies and the uptime of a check over a time that ends now, or over the one that was chosen. */
export function useSeries(check: string, range: Range, window: TimeWindow | undefined) {
  return useQuery({
    queryKey: [...keys.health, 'series', check, range, window],
    queryFn: ({ signal }) => {
      const to = window?.to ?? Date.now();
      return client.call(
        'health.series',
        {
          check,
          from: new Date(window?.from ?? to - rangeMs[range]).toISOString(),
          to: new Date(to).toISOString(),
          points: 400,
        },
        { signal },
      );
    },
    placeholderData: (before) => (before?.check === check ? before : undefined),
    refetchInterval: window === undefined ? 30_000 : false,
  });
}

/** How much of the time each service answered. */
export function useUptime() {
  return useQuery({
    queryKey: [...keys.health, 'uptime'],
    queryFn: ({ signal }) => client.call('health.uptime', {}, { signal }),
  });
}

/** Every incident that is kept, the newest first. */
export function useIncidents() {
  return useQuery({
    queryKey: [...keys.health, 'incidents'],
    queryFn: ({ signal }) => client.call('health.incidents', {}, { signal }),
    refetchInterval: 30_000,
  });
}

/** Names of the services of the release on the host. */
export function useDeployedServices() {
  return useQuery({
    queryKey: ['deploy', 'status'],
    queryFn: ({ signal }) => client.call('deploy.status', {}, { signal }),
    select: ({ services }) => services.map(({ name }) => name),
    retry: false,
  });
}

const keptLines = 500;

/** Lines of services as they come, the newest last. The component that uses it is made anew for other services. */
export function useServiceLog(services: readonly string[]): {
  lines: readonly LogLine[];
  error: AppError | undefined;
} {
  const [lines, setLines] = useState<readonly LogLine[]>([]);
  const [error, setError] = useState<AppError>();
  useEffect(() => {
    const controller = new AbortController();
    void followStream(
      client.stream(
        'deploy.logs',
        { tail: 100, follow: true, services: [...services] },
        { signal: controller.signal },
      ),
      (events) => setLines((before) => [...before, ...events].slice(-keptLines)),
      controller.signal,
    ).then(setError);
    return () => controller.abort();
  }, [services]);
  return { lines, error };
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
