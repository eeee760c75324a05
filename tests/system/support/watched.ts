import { expect } from 'vitest';
import type { CheckDefinition } from '../../../electron/core/services/health/check';
import { createMonitor, type Monitor } from '../../../electron/core/services/health/monitor';
import type { HealthState } from '#shared/model/health';

/** A fault that a test really makes. */
export interface Fault {
  /** The check that is to see it. */
  id: string;
  state: HealthState;
  code: string;
  /** What its cause says. */
  says?: RegExp;
  make: () => unknown;
  mend: () => unknown;
}

/** Real checks at a short interval, with what a test asks of them. */
export interface Watched {
  readonly monitor: Monitor;
  /** Every state that a check took, in order. */
  readonly history: ReadonlyMap<string, HealthState[]>;
  /** Waits until a check has this state and, unless it is healthy, a finding of this code with a remedy. */
  shows(id: string, state: HealthState, code?: string, says?: RegExp): Promise<void>;
  /** Waits until each of these is healthy. */
  heal(...ids: string[]): Promise<void>;
  /** Makes faults at once, waits until each is seen, mends them, and waits until their checks are healthy again. */
  seesAndHeals(faults: readonly Fault[]): Promise<void>;
  /** Prints how long each wait took, in intervals of the check. */
  printWaits(): void;
}

/** Watches these checks every `intervalMs`, those of `slower` less often. Their time-outs follow from that, as in the product. */
export function watch(
  checks: readonly CheckDefinition[],
  intervalMs: number,
  slower: Readonly<Record<string, number>> = {},
): Watched {
  const history = new Map<string, HealthState[]>();
  const waits: { id: string; to: string; intervals: number }[] = [];
  const intervalOf = (id: string) => slower[id] ?? intervalMs;
  const monitor = createMonitor({
    hasNetwork: () => true,
    onTransition: ({ definition: { id }, to }) => history.set(id, [...(history.get(id) ?? []), to]),
    checks: checks.map((check) => ({ ...check, intervalMs: intervalOf(check.id) })),
  });
  monitor.start();
  const find = (id: string) => monitor.checks().find(({ definition }) => definition.id === id);
  const shows: Watched['shows'] = async (id, state, code, says = /./) => {
    const started = performance.now();
    const told = () =>
      (find(id)?.last?.outcome.findings ?? []).find(
        (found) => found.code === code && says.test(found.message),
      );
    await expect
      .poll(
        // Another finding beside the one that is waited for is no fault of the check: the machine may be busy.
        () => {
          const seen = { state: find(id)?.state, code: told()?.code };
          return seen.state === state && seen.code === code
            ? { state, code }
            : { ...seen, found: codesOf(find(id)) };
        },
        { timeout: 90_000, interval: 50, message: id },
      )
      .toEqual({ state, code });
    waits.push({ id, to: code ?? state, intervals: (performance.now() - started) / intervalOf(id) });
    if (code !== undefined) expect(told()?.remedy.length).toBeGreaterThan(20);
  };
  const heal: Watched['heal'] = async (...ids) => {
    await Promise.all([...new Set(ids)].map((id) => shows(id, 'healthy')));
  };
  return {
    monitor,
    history,
    shows,
    heal,
    seesAndHeals: async (faults) => {
      await heal(...faults.map(({ id }) => id));
      await Promise.all(
        faults.map(async ({ id, state, code, says, make }) => {
          await make();
          await shows(id, state, code, says);
        }),
      );
      await Promise.all(faults.map(({ mend }) => mend()));
      await heal(...faults.map(({ id }) => id));
    },
    printWaits: () => {
      for (const { id, to, intervals } of waits)
        console.log(`${id.padEnd(28)} ${to.padEnd(28)} ${intervals.toFixed(1)} intervals`);
    },
  };
}

function codesOf(check: ReturnType<Monitor['checks']>[number] | undefined): string[] {
  return (check?.last?.outcome.findings ?? []).map(({ code, message }) => `${code}: ${message}`);
}
