import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { LoadEvent } from '#shared/contract/load';
import { type AppError, toAppError } from '#shared/model/errors';
import type { LoadCheck, LoadTick } from '#shared/model/load-check';
import { client } from '../../api/client';
import { followStream } from '../../api/follow-stream';
import { keys } from '../../api/queries';

const loadKey = [...keys.health, 'load'];

/** Load checks that ended, what may be loaded and with which token. */
export function useLoad() {
  return useQuery({
    queryKey: loadKey,
    queryFn: ({ signal }) => client.call('load.overview', {}, { signal }),
  });
}

export function useStartLoad() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (input: { check: LoadCheck; consent?: string }) => client.call('load.start', input),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: loadKey }),
  });
}

export function useStopLoad() {
  return useMutation({ mutationFn: (id: string) => client.call('load.stop', { id }) });
}

/** The moments of a load check that goes on, until `onEnd` is told how it ended. The component that uses it has the id as its key. */
export function useLoadTicks(
  id: string,
  onEnd: (failure: AppError | undefined) => void,
): readonly LoadTick[] {
  const queryClient = useQueryClient();
  const [ticks, setTicks] = useState<readonly LoadTick[]>([]);
  useEffect(() => {
    const controller = new AbortController();
    let failed: AppError | undefined;
    const receive = (events: readonly LoadEvent[]) => {
      const found = events.flatMap((event) => (event.type === 'tick' ? [event.tick] : []));
      setTicks((before) => [...before, ...found]);
      for (const event of events) if (event.type === 'failed') failed = toAppError(event.error);
    };
    void followStream(
      client.stream('load.watch', { id }, { signal: controller.signal }),
      receive,
      controller.signal,
    ).then((failure) => {
      if (controller.signal.aborted) return;
      onEnd(failure ?? failed);
      void queryClient.invalidateQueries({ queryKey: loadKey });
      void queryClient.invalidateQueries({ queryKey: keys.activity });
    });
    return () => controller.abort();
  }, [id, onEnd, queryClient]);
  return ticks;
}
