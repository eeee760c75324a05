import { useEffect, useRef, useState } from 'react';
import { isCancelled, toAppError, type AppError } from '#shared/model/errors';

/** Milliseconds between two drawings of a stream's progress. */
const drawEvery = 120;

/** A stream that an operator started, as far as it has come. */
export interface StreamRun<State> {
  phase: 'idle' | 'running' | 'ended' | 'stopped' | 'failed';
  state: State;
  error?: AppError;
}

/**
 * Folds a stream that the operator starts and may stop. `fold` changes the state in place, because a stream may have very many events; the page
 * is drawn now and then. The stream is stopped when the component goes.
 */
export function useStreamRun<Event, State extends object>(
  empty: () => State,
  fold: (state: State, event: Event) => void,
): StreamRun<State> & {
  start: (open: (signal: AbortSignal) => AsyncIterable<{ event: Event }>) => void;
  stop: () => void;
  reset: () => void;
} {
  const [run, setRun] = useState<StreamRun<State>>(() => ({ phase: 'idle', state: empty() }));
  const current = useRef<AbortController>(undefined);
  useEffect(() => () => current.current?.abort(), []);

  const follow = async (
    controller: AbortController,
    open: (signal: AbortSignal) => AsyncIterable<{ event: Event }>,
  ): Promise<void> => {
    const state = empty();
    const draw = (phase: StreamRun<State>['phase'], error?: AppError) => {
      if (current.current !== controller) return;
      setRun({ phase, state: { ...state }, ...(error === undefined ? {} : { error }) });
    };
    let drawn = 0;
    draw('running');
    try {
      for await (const { event } of open(controller.signal)) {
        fold(state, event);
        if (Date.now() - drawn < drawEvery) continue;
        drawn = Date.now();
        draw('running');
      }
      draw('ended');
    } catch (error) {
      if (isCancelled(error)) draw('stopped');
      else draw('failed', toAppError(error));
    }
  };

  return {
    ...run,
    start: (open) => {
      current.current?.abort();
      const controller = new AbortController();
      current.current = controller;
      void follow(controller, open);
    },
    stop: () => current.current?.abort(),
    reset: () => {
      current.current?.abort();
      current.current = undefined;
      setRun({ phase: 'idle', state: empty() });
    },
  };
}
