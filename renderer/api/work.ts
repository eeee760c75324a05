import { useMutation } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { AppError } from '#shared/model/errors';
import type { Numbered } from '#shared/rpc/define';

/** Events of work that reports progress and ends with a result. */
type WorkEvents<T, P> = AsyncIterable<
  Numbered<{ type: 'progress'; progress: P } | { type: 'done'; result: T }>
>;

/** Follows work to its result. Rejects with `CANCELLED` when it ends without one. */
export async function resultOf<T, P>(
  events: WorkEvents<T, P>,
  onProgress: (progress: P) => void,
): Promise<T> {
  for await (const { event } of events) {
    if (event.type === 'done') return event.result;
    onProgress(event.progress);
  }
  throw new AppError('CANCELLED', 'The work was stopped.');
}

/** Work that is started by a press, tells how far it is, and can be stopped; leaving the page stops it. */
export function useWork<I, T, P>(options: {
  start: (input: I, signal: AbortSignal) => WorkEvents<T, P>;
  onSettled?: () => unknown;
}) {
  const { start, onSettled } = options;
  const [progress, setProgress] = useState<P>();
  const running = useRef<AbortController>(undefined);
  useEffect(() => () => running.current?.abort(), []);
  const mutation = useMutation({
    mutationFn: (input: I) => {
      const controller = new AbortController();
      running.current = controller;
      setProgress(undefined);
      return resultOf(start(input, controller.signal), setProgress);
    },
    onSettled: async () => {
      await onSettled?.();
    },
  });
  return { ...mutation, progress, stop: () => running.current?.abort() };
}
