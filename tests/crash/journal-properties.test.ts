import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { JournalTail, readJournal } from '#core/engine/journal-reader';
import { recordEvent, replay } from '#core/engine/run-history';
import { journalEventSchema, runViewSchema, type JournalEvent } from '#shared/model/run';
import { emptyRunView, interruptedEvent, isSettled, reduceRun, withoutHolder } from '#shared/model/run-view';
import { anyRun } from './any-run';

const runId = '20260101T000000Z-abcdef';
const at = '2026-01-01T00:00:00.000Z';
const header: JournalEvent = {
  seq: 0,
  at,
  type: 'run.header',
  data: { runId, engine: 1, steps: {}, only: [], planHash: '', fingerprints: {} },
};
const fold = (events: readonly JournalEvent[], view = emptyRunView(runId)) => events.reduce(reduceRun, view);
const linesOf = (events: readonly JournalEvent[]): string =>
  events.map((event) => `${JSON.stringify(event)}\n`).join('');
/** As JSON gives it back: it has one zero only. */
const normal = (events: readonly JournalEvent[]): unknown => JSON.parse(JSON.stringify(events));

let dir = '';
let path = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'cutover-journal-'));
  path = join(dir, 'journal.jsonl');
});
afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

describe('reading a journal', () => {
  test('cut off at any byte, gives the whole lines before the cut, and the rest once it is there', async () => {
    await fc.assert(
      fc.asyncProperty(anyRun, fc.nat(), async (events, at) => {
        const bytes = Buffer.from(linesOf(events));
        const cut = at % (bytes.length + 1);
        await writeFile(path, bytes.subarray(0, cut));
        const tail = new JournalTail(path);
        const first = await tail.read();
        const whole = bytes.subarray(0, cut).filter((byte) => byte === 0x0a).length;
        expect(first).toHaveLength(whole);
        await appendFile(path, bytes.subarray(cut));
        expect(normal([...first, ...(await tail.read())])).toEqual(normal(events));
        expect(await tail.read()).toEqual([]);
        expect(tail.bytes).toBe(bytes.length);
      }),
      { numRuns: 60 },
    );
  });

  test('with one damaged line before the last, is refused and names the line', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyRun,
        fc.nat(),
        fc.constantFrom('', 'x', '{}', 'null'),
        async (events, at, damage) => {
          fc.pre(events.length > 1);
          const line = at % (events.length - 1);
          const lines = linesOf(events).split('\n');
          lines[line] = damage;
          await writeFile(path, lines.join('\n'));
          const reading = readJournal(path);
          await expect(reading).rejects.toMatchObject({ code: 'JOURNAL_DAMAGED' });
          await expect(reading).rejects.toThrow(`line ${line + 1}.`);
        },
      ),
      { numRuns: 15 },
    );
  });

  test('with a missing or repeated line is refused', async () => {
    await fc.assert(
      fc.asyncProperty(anyRun, fc.nat(), fc.boolean(), async (events, at, missing) => {
        fc.pre(events.length > 1);
        const line = at % (events.length - 1);
        const changed = missing
          ? events.toSpliced(line, 1)
          : events.toSpliced(line, 0, ...events.slice(line, line + 1));
        await writeFile(path, linesOf(changed));
        await expect(readJournal(path)).rejects.toMatchObject({ code: 'JOURNAL_DAMAGED' });
      }),
      { numRuns: 15 },
    );
  });

  test('leaves a last line that is no event alone', async () => {
    await writeFile(path, `${linesOf([header])}\0\0\0\n`);
    expect(await readJournal(path)).toHaveLength(1);
  });

  test('that is not there gives no events', async () => {
    expect(await readJournal(path)).toEqual([]);
  });
});

test('replaying a part and then the rest gives the same history as replaying all', () => {
  fc.assert(
    fc.property(anyRun, fc.nat(), (events, at) => {
      const history = replay(events.slice(0, at % (events.length + 1)));
      for (const event of events.slice(at % (events.length + 1))) recordEvent(history, event);
      expect(history).toEqual(replay(events));
    }),
  );
});

describe('a view of a run', () => {
  test('is the same whether it was read at once or in two parts', () => {
    fc.assert(
      fc.property(anyRun, fc.nat(), (events, cut) => {
        const at = cut % (events.length + 1);
        expect(fold(events.slice(at), fold(events.slice(0, at)))).toEqual(fold(events));
      }),
    );
  });

  test('does not change for events that it holds already', () => {
    fc.assert(
      fc.property(anyRun, fc.nat(), (events, from) => {
        const view = fold(events);
        expect(fold(events.slice(from % events.length), view)).toBe(view);
      }),
    );
  });

  test('always has its declared shape', () => {
    fc.assert(
      fc.property(anyRun, (events) => {
        for (const event of events) expect(journalEventSchema.parse(event)).toEqual(event);
        expect(runViewSchema.parse(fold(events))).toEqual(fold(events));
      }),
    );
  });

  test('has nothing under way once it has settled', () => {
    fc.assert(
      fc.property(anyRun, (events) => {
        const view = withoutHolder(fold(events));
        const stopped = fold([{ seq: view.seq + 1, at, type: 'run.state', data: { state: 'failed' } }], view);
        expect(stopped.steps.some((step) => step.state === 'running' || step.state === 'verifying')).toBe(
          false,
        );
        expect(stopped.steps.flatMap((step) => step.units).some((unit) => unit.state === 'running')).toBe(
          false,
        );
      }),
    );
  });

  test('that a reader concludes to be interrupted takes the event that a resume writes at that place', () => {
    fc.assert(
      fc.property(anyRun, (events) => {
        const view = fold(events);
        const concluded = withoutHolder(view);
        expect(isSettled(concluded.state)).toBe(true);
        const resumed: JournalEvent[] = [
          ...(isSettled(view.state) ? [] : [interruptedEvent(view)]),
          { seq: concluded.seq + 1, at, type: 'run.resumed', data: { by: 'cli' } },
        ];
        expect(fold(resumed, concluded)).toEqual(fold(resumed, view));
      }),
    );
  });
});
