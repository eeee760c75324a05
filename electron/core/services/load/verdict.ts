import type { LoadCheck, LoadFigures, LoadMeasurement, LoadTick } from '#shared/model/load-check';

/** From this share of its time on the generator can't tell its own waiting from the service's. */
const busyLimit = 0.9;

/** Why a measurement misses the goal; empty when it is met. */
export function reasonsAgainst(
  { goal }: Pick<LoadCheck, 'goal'>,
  { total, routes, generatorBusy }: LoadMeasurement,
): string[] {
  const reasons: string[] = [];
  if (total.requests === 0) reasons.push('Nothing was measured.');
  for (const route of routes) {
    if (route.p95 !== undefined && route.p95 > goal.p95Ms) {
      reasons.push(`${route.path}: p95 is ${rounded(route.p95)} ms, the goal is ${goal.p95Ms} ms.`);
    }
    if (route.errors > route.requests * goal.errorShare) {
      reasons.push(
        `${route.path}: ${route.errors} of ${route.requests} requests failed (${kindsOf(route)}).`,
      );
    }
  }
  if (generatorBusy > busyLimit) {
    reasons.push(
      'This machine was at its limit, so the latencies hold its own delay: use fewer users or a faster machine.',
    );
  }
  return reasons;
}

function kindsOf({ errorKinds }: LoadFigures): string {
  const kinds = Object.entries(errorKinds).toSorted(([, a], [, b]) => b - a);
  return kinds.map(([kind, count]) => `${count} × ${kind}`).join(', ');
}

function rounded(ms: number): string {
  return ms < 10 ? ms.toFixed(1) : String(Math.round(ms));
}

const fewest = 20;
const patienceTicks = 12;
const silentMs = 10_000;
const slowFactor = 25;
const slowestMs = 10_000;

/**
 * Looks at a load check as it goes on and says when it has to end to spare the service: more than half of the requests of three seconds
 * fail, the answers take far longer than they may, or nothing answers at all.
 */
export function createBrake({ goal }: Pick<LoadCheck, 'goal'>): (tick: LoadTick) => string | undefined {
  let failing = 0;
  let slow = 0;
  let lastAnswer = 0;
  let answered = 0;
  const tooSlowMs = Math.max(slowestMs, goal.p95Ms * slowFactor);
  return ({ recent, total, elapsedMs, phase }) => {
    const answers = total.requests - total.errors;
    // The count begins anew when the ramp ends.
    if (answers !== answered) lastAnswer = elapsedMs;
    answered = answers;
    failing = recent.requests >= fewest && recent.errors * 2 > recent.requests ? failing + 1 : 0;
    slow = (recent.p50 ?? 0) > tooSlowMs ? slow + 1 : 0;
    if (failing >= patienceTicks) {
      return `More than half of the requests failed for three seconds (${kindsOf(recent)}).`;
    }
    if (slow >= patienceTicks) return `Half of the answers took longer than ${tooSlowMs / 1000} s.`;
    if (elapsedMs - lastAnswer > silentMs) {
      return `Nothing was answered for ${silentMs / 1000} s${phase === 'ramp' ? ', while users still came' : ''}.`;
    }
    return undefined;
  };
}
