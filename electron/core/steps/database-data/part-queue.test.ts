import fc from 'fast-check';
import { expect, it } from 'vitest';
import { runWorkers } from '../common/run-workers';
import { tableLabel, type Table } from '../common/tables';
import { PartQueue } from './part-queue';
import { partsOf } from './parts';

const table = (name: string, count: number): Table => ({
  schema: 'public',
  name,
  columns: ['id'],
  hash: ['id'],
  format: 'binary',
  bytes: count * 1000,
  parts: { count, pages: count > 1 ? 10 : 0 },
});

it('hands out every part once, in the order of its table, and shares a table only when no other waits', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 7 }),
      fc.integer({ min: 1, max: 5 }),
      fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1 }),
      async (counts, workers, delays) => {
        const tables = counts.map((count, index) => table(`t${index}`, count));
        const queue = new PartQueue(tables);
        const waiting = new Map(tables.map((item) => [tableLabel(item), item.parts.count]));
        const underWay = new Map<string, number>();
        const taken: string[] = [];
        await runWorkers(queue, workers, async (part) => {
          const label = tableLabel(part.table);
          const before = underWay.get(label) ?? 0;
          const freer = [...waiting].some(([other, left]) => left > 0 && (underWay.get(other) ?? 0) < before);
          expect(freer).toBe(false);
          waiting.set(label, (waiting.get(label) ?? 0) - 1);
          underWay.set(label, before + 1);
          taken.push(part.id);
          const turns = delays[taken.length % delays.length] ?? 0;
          for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
          underWay.set(label, (underWay.get(label) ?? 0) - 1);
          queue.ended(part);
        });
        for (const item of tables) {
          const ids = partsOf(item).map(({ id }) => id);
          expect(taken.filter((id) => ids.includes(id))).toEqual(ids);
        }
        expect(taken).toHaveLength(counts.reduce((sum, count) => sum + count, 0));
      },
    ),
  );
});

it('begins with the table of which most is left', () => {
  const queue = new PartQueue([table('small', 1), table('large', 3), table('medium', 2)]);
  expect([...queue].map(({ id }) => id)).toEqual([
    'public.large, part 1 of 3',
    'public.medium, part 1 of 2',
    'public.small',
    'public.large, part 2 of 3',
    'public.medium, part 2 of 2',
    'public.large, part 3 of 3',
  ]);
});
