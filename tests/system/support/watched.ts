import { expect } from 'vitest';
import type { CheckDefinition } from '../../../electron/core/services/health/check';
import { createMonitor, type Monitor } from '../../../electron/core/services/health/monitor';
import type { HealthState } from '#shared/model/health';

/** Real checks at a short interval, with what a test asks of them. */
export interface Watched {
  readonly monitor: Monitor;
  /** Every state that a check took, in order. */
  readonly history: ReadonlyMap<string, HealthState[]>;
  /** Waits until a check has this state and, unless it is healthy, a finding of this code with a remedy. */
  shows(id: string, state: HealthState, code?: string): Promise<void>;
  /** Waits until each of these is healthy. */
  heal(...ids: string[]): Promise<void>;
  /** Prints how long each wait took, in intervals of the check. */
  printWaits(): void;
}

/** Watches these checks every `intervalMs`. */
export function watch(checks: readonly CheckDefinition[], intervalMs: number): Watched {
  const history = new Map<string, HealthState[]>();
  const waits: { id: string; to: string; intervals: number }[] = [];
  const monitor = createMonitor({
    hasNetwork: () => true,
    onTransition: ({ definition: { id }, to }) => history.set(id, [...(history.get(id) ?? []), to]),
    checks: checks.map((check) => ({ ...check, intervalMs, timeoutMs: Math.min(check.timeoutMs, 5000) })),
  });
  monitor.start();
  const find = (id: string) => monitor.checks().find(({ definition }) => definition.id === id);
  const shows: Watched['shows'] = async (id, state, code) => {
    const started = performance.now();
    await expect
      .poll(
        () => {
          const check = find(id);
          const codes = (check?.last?.outcome.findings ?? []).map((found) => found.code);
          // Another finding beside the one that is waited for is no fault of the check: the machine may be busy.
          return { state: check?.state, code: codes.find((found) => found === code) };
        },
        { timeout: 60_000, interval: 50, message: id },
      )
      .toEqual({ state, code });
    waits.push({ id, to: code ?? state, intervals: (performance.now() - started) / intervalMs });
    const found = find(id)?.last?.outcome.findings.find((one) => one.code === code);
    if (code !== undefined) expect(found?.remedy.length).toBeGreaterThan(20);
  };
  return {
    monitor,
    history,
    printWaits: () => {
      for (const { id, to, intervals } of waits)
        console.log(`${id.padEnd(28)} ${to.padEnd(28)} ${intervals.toFixed(1)} intervals`);
    },
    shows,
    heal: async (...ids) => {
      for (const id of ids) await shows(id, 'healthy');
    },
  };
}
