import type { loadContract, LoadOverview } from '#shared/contract/load';
import { AppError } from '#shared/model/errors';
import {
  type LoadCheck,
  loadCheckDefaults,
  type LoadFigures,
  type LoadResult,
} from '#shared/model/load-check';
import type { Handlers } from '#shared/rpc/define';

export const loadOrigin = 'https://api.example.com';

const figures = (p95: number, errors = 0): LoadFigures => ({
  requests: 30_120,
  perSecond: 1004,
  errors,
  errorKinds: errors === 0 ? {} : { 'status 503': errors },
  p50: p95 / 2,
  p95,
  p99: p95 * 1.3,
  max: p95 * 2,
  bytes: 12_400_000,
});

function result(id: string, startedAt: string, moment: LoadCheck['moment'], p95: number): LoadResult {
  const paths = ['/health', '/api/orders'];
  const passed = p95 <= 200;
  return {
    id,
    startedAt,
    endedAt: startedAt,
    by: 'ada@console',
    check: { ...loadCheckDefaults, origin: loadOrigin, paths, moment },
    outcome: 'completed',
    passed,
    reasons: passed ? [] : [`/api/orders: p95 is ${p95} ms, the goal is 200 ms.`],
    measuredMs: 30_000,
    generatorBusy: 0.3,
    total: figures(p95),
    routes: paths.map((path, index) => ({ path, users: 50, ...figures(index === 0 ? p95 / 4 : p95) })),
  };
}

/** A slow check before the cutover and a quick one after it. */
export function measuredLoad(): LoadOverview {
  return {
    results: [
      result('b2', '2026-11-22T13:00:00.000Z', 'after', 121),
      result('a1', '2026-11-21T13:00:00.000Z', 'before', 312),
    ],
    own: [loadOrigin],
    tokens: ['none', 'canary'],
  };
}

/** The load operations; one that is started tells two moments and its result. */
export function loadFixture(
  now: { load: LoadOverview },
  note: (name: string, input: unknown) => void,
): Handlers<typeof loadContract> {
  return {
    'load.overview': async () => Promise.resolve(now.load),
    'load.start': async (input) => {
      note('load.start', input);
      const { host } = new URL(input.check.origin);
      if (input.check.origin !== loadOrigin && input.consent !== host) {
        throw new AppError('LOAD_NEEDS_CONSENT', `${host} is none of the addresses in the settings.`, {
          details: { host },
        });
      }
      now.load = { ...now.load, running: 'c3' };
      return Promise.resolve({ id: 'c3' });
    },
    'load.watch': async function* (_input, { signal }) {
      const tick = { phase: 'hold' as const, elapsedMs: 6000, users: 100 };
      yield {
        seq: 0,
        event: { type: 'tick' as const, tick: { ...tick, recent: figures(130), total: figures(121) } },
      };
      await new Promise<void>((resolve) => {
        const done = () => resolve();
        signal.addEventListener('abort', done, { once: true });
        setTimeout(done, 600);
      });
      const ended = result('c3', '2026-11-22T14:00:00.000Z', 'other', 121);
      const { running: _ended, ...load } = now.load;
      now.load = { ...load, results: [ended, ...load.results] };
      yield { seq: 1, event: { type: 'result' as const, result: ended } };
    },
    'load.stop': async (input) => {
      note('load.stop', input);
      return Promise.resolve({});
    },
  };
}
