import type { healthContract } from '#shared/contract/health';
import type { Handlers } from '#shared/rpc/define';
import type { Core } from '../core';

/** Live health of the open workspace. */
export function healthHandlers({ health }: Core): Handlers<typeof healthContract> {
  return {
    'health.overview': () => health.overview(),
    'health.watch': async function* (_input, { after, signal }) {
      yield* health.watch(after, signal);
    },
    'health.checkNow': (which, { signal }) => health.checkNow(which, signal),
    'health.settings': () => health.settings(),
    'health.configure': ({ config }) => health.configure(config),
    'health.series': (input) => health.series(input),
    'health.uptime': () => health.uptime(),
    'health.incidents': () => health.incidents(),
    'health.testAlert': () => health.testAlert(),
    'health.note': async ({ id, text }) => {
      await health.note(id, text);
      return {};
    },
  };
}
