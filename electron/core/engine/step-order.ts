import { AppError } from '#shared/model/errors';
import type { Lane } from '#shared/model/run';

interface Ordered {
  readonly id: string;
  readonly lane: Lane;
  readonly needs: readonly string[];
}

/** The needs of a step that are part of this run; the others are taken as met. */
function needsWithin(step: Ordered, ids: ReadonlySet<string>): string[] {
  return step.needs.filter((need) => ids.has(need));
}

/** Steps so that each comes after its needs, otherwise in the order given. Throws `INTERNAL` for a cycle or a repeated id. */
export function orderSteps<S extends Ordered>(steps: readonly S[]): S[] {
  const ids = new Set(steps.map((step) => step.id));
  if (ids.size !== steps.length) throw new AppError('INTERNAL', 'Two steps have the same id.');
  const ordered: S[] = [];
  const placed = new Set<string>();
  while (ordered.length < steps.length) {
    const next = steps.find(
      (step) => !placed.has(step.id) && needsWithin(step, ids).every((need) => placed.has(need)),
    );
    if (next === undefined) throw new AppError('INTERNAL', 'The steps need each other in a circle.');
    ordered.push(next);
    placed.add(next.id);
  }
  return ordered;
}

/**
 * Works through steps as their needs allow: lanes side by side, one step at a time in each lane. `work` answers whether
 * the step ended well; a step whose needs did not is left out. Resolves when nothing more can start and all work has ended.
 * `work` must not reject.
 */
export async function runInLanes<S extends Ordered>(
  steps: readonly S[],
  work: (step: S) => Promise<boolean>,
): Promise<void> {
  const ordered = orderSteps(steps);
  const ids = new Set(ordered.map((step) => step.id));
  const waiting = new Set(ordered);
  const done = new Set<string>();
  const busy = new Map<Lane, Promise<void>>();
  for (;;) {
    for (const step of ordered) {
      const ready = waiting.has(step) && needsWithin(step, ids).every((need) => done.has(need));
      if (!ready || busy.has(step.lane)) continue;
      waiting.delete(step);
      const ended = work(step).then((well) => {
        if (well) done.add(step.id);
        busy.delete(step.lane);
      });
      busy.set(step.lane, ended);
    }
    if (busy.size === 0) return;
    await Promise.race(busy.values());
  }
}
