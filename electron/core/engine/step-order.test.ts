import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lanes, type Lane } from '#shared/model/run';
import { orderSteps, runInLanes } from './step-order';

interface Plain {
  id: string;
  lane: Lane;
  needs: string[];
}

/** Steps that may need any earlier one, and some that are not in the run; in a mixed order. */
const graphs = fc
  .array(fc.record({ lane: fc.constantFrom(...lanes), needs: fc.array(fc.nat(12), { maxLength: 3 }) }), {
    maxLength: 9,
  })
  .chain((drafts) =>
    fc.shuffledSubarray(
      drafts.map(({ lane, needs }, index): Plain => ({
        id: String(index),
        lane,
        needs: [...new Set(needs)].filter((need) => need < index || need > 9).map(String),
      })),
      { minLength: drafts.length },
    ),
  );

test('each step comes after its needs', () => {
  fc.assert(
    fc.property(graphs, (steps) => {
      const ordered = orderSteps(steps).map((step) => step.id);
      expect([...ordered].sort()).toEqual(steps.map((step) => step.id).sort());
      for (const step of steps) {
        for (const need of step.needs.filter((id) => ordered.includes(id))) {
          expect(ordered.indexOf(need)).toBeLessThan(ordered.indexOf(step.id));
        }
      }
    }),
  );
});

test('lanes work side by side, one step each, needs first; what needs a failed step is left out', async () => {
  await fc.assert(
    fc.asyncProperty(graphs, fc.nat(9), async (steps, failing) => {
      const busy = new Set<Lane>();
      const done = new Set<string>();
      const tried = new Set<string>();
      await runInLanes(steps, async (step) => {
        expect(busy.has(step.lane)).toBe(false);
        busy.add(step.lane);
        const ids = steps.map(({ id }) => id);
        expect(step.needs.filter((need) => ids.includes(need)).every((need) => done.has(need))).toBe(true);
        tried.add(step.id);
        await sleep(0);
        busy.delete(step.lane);
        if (step.id === String(failing)) return false;
        done.add(step.id);
        return true;
      });
      for (const step of steps.filter(({ id }) => !tried.has(id))) {
        expect(step.needs.some((need) => !done.has(need))).toBe(true);
      }
    }),
    { numRuns: 50 },
  );
});

test('a circle of needs and a repeated id are refused', () => {
  const step = (id: string, needs: string[]): Plain => ({ id, needs, lane: 'users' });
  expect(() => orderSteps([step('a', ['b']), step('b', ['a'])])).toThrow('circle');
  expect(() => orderSteps([step('a', []), step('a', [])])).toThrow('same id');
});
