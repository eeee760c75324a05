import { setTimeout as delay } from 'node:timers/promises';
import { request } from 'undici';
import { withDeadline } from '../../adapters/common/deadline';

const probeLimitMs = 10_000;
const pauseMs = 1_000;

export interface ProbeResult {
  url: string;
  ok: boolean;
  /** Status, or what the network said. */
  answer: string;
}

/** Asks a public address once, as a visitor would. Everything below 500 shows that the application answers. */
async function probeOnce(url: string, signal: AbortSignal): Promise<ProbeResult> {
  try {
    const answer = await request(url, {
      signal: withDeadline(signal, probeLimitMs),
      headers: { 'user-agent': 'cutover-probe' },
    });
    await answer.body.dump();
    return { url, ok: answer.statusCode < 500, answer: String(answer.statusCode) };
  } catch (error) {
    signal.throwIfAborted();
    return { url, ok: false, answer: error instanceof Error ? error.message : String(error) };
  }
}

/** Asks every address until each has answered well three times running, or the limit has passed. */
export async function probe(
  urls: readonly string[],
  limitMs: number,
  signal: AbortSignal,
): Promise<ProbeResult[]> {
  const deadline = Date.now() + limitMs;
  return Promise.all(
    urls.map(async (url) => {
      for (let good = 0; ;) {
        const result = await probeOnce(url, signal);
        good = result.ok ? good + 1 : 0;
        if (good === 3 || Date.now() > deadline) return result;
        await delay(result.ok ? pauseMs / 5 : pauseMs, undefined, { signal });
      }
    }),
  );
}
