import { z } from 'zod';
import type { Wire } from './define';

/** How a wire notices a dead peer: after `intervalMs × missedLimit` of silence, or a little later. */
export interface HeartbeatOptions {
  /** Milliseconds between two pings. */
  intervalMs: number;
  /** Pings without any answer after which the peer counts as dead. */
  missedLimit: number;
}

export const defaultHeartbeat: HeartbeatOptions = { intervalMs: 10_000, missedLimit: 3 };

const beatSchema = z.object({ t: z.enum(['ping', 'pong']) });

/**
 * Adds a heartbeat to a wire; both sides must. Silence is counted in ticks and not in clock time, so that a computer
 * that slept, or a process that was busy, does not take its peer for dead when it wakes. A ping is answered at once,
 * because a hidden tab's own timers run late.
 */
export function withHeartbeat(wire: Wire, { intervalMs, missedLimit }: HeartbeatOptions): Wire {
  const closeListeners: (() => void)[] = [];
  let open = true;
  let missed = 0;

  const end = () => {
    if (!open) return;
    open = false;
    clearInterval(timer);
    for (const listener of closeListeners) listener();
  };
  const timer = setInterval(() => {
    if (missed >= missedLimit) {
      // The transport may wait long for a dead peer to agree to the close; the listeners hear of it now.
      wire.close();
      end();
      return;
    }
    missed += 1;
    wire.send({ t: 'ping' });
  }, intervalMs);
  wire.onClose(end);

  return {
    send: (message) => wire.send(message),
    onMessage(listener) {
      wire.onMessage((message) => {
        if (!open) return;
        missed = 0;
        const beat = beatSchema.safeParse(message);
        if (!beat.success) listener(message);
        else if (beat.data.t === 'ping') wire.send({ t: 'pong' });
      });
    },
    onClose(listener) {
      if (open) closeListeners.push(listener);
      else queueMicrotask(listener);
    },
    close() {
      wire.close();
      end();
    },
  };
}
