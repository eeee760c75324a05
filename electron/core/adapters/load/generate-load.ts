import { z } from 'zod';
import {
  type LoadMeasurement,
  loadMeasurementSchema,
  loadTickSchema,
  type LoadTick,
} from '#shared/model/load-check';
import { startWorkerThread } from '../common/worker-thread';

/** What the generator does. Times in milliseconds. */
export interface LoadPlan {
  origin: string;
  routes: { path: string; users: number }[];
  headers: Readonly<Record<string, string>>;
  rampMs: number;
  holdMs: number;
  /** After this a request without an answer is an error. */
  timeoutMs: number;
}

const messageSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('tick'), tick: loadTickSchema }),
  z.object({ type: z.literal('done'), measurement: loadMeasurementSchema }),
]);

/**
 * Puts the load on and measures. Ends early when aborted, with what was measured until then. Certificates are verified. Rejects only when
 * the generator itself fails.
 */
export async function generateLoad(
  plan: LoadPlan,
  onTick: (tick: LoadTick) => void,
  signal: AbortSignal,
): Promise<LoadMeasurement> {
  const worker = startWorkerThread('load-worker', new URL('./load-worker.ts', import.meta.url), plan);
  const stop = (): void => worker.postMessage('stop');
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    return await new Promise<LoadMeasurement>((resolve, reject) => {
      worker.once('error', reject);
      worker.once('exit', (code) => reject(new Error(`The load generator ended with ${code}.`)));
      worker.on('message', (raw: unknown) => {
        const message = messageSchema.parse(raw);
        if (message.type === 'tick') onTick(message.tick);
        else resolve(message.measurement);
      });
    });
  } finally {
    signal.removeEventListener('abort', stop);
    await worker.terminate();
  }
}
