import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AppError } from '#shared/model/errors';
import { JournalTail, readJournal } from './journal-reader';
import { JournalWriter, type JournalWriterOptions } from './journal-writer';
import { openAppendFile } from './run-files';

let dir = '';
let path = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'cutover-journal-'));
  path = join(dir, 'journal.jsonl');
});
afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

const writerAt = (options: Partial<JournalWriterOptions> = {}): Promise<JournalWriter> =>
  JournalWriter.open({
    path,
    open: openAppendFile,
    nextSeq: 0,
    bytes: 0,
    redact: (text) => text,
    reserve: join(dir, 'reserve'),
    guard: () => Promise.resolve(),
    now: () => new Date(0),
    ...options,
  });

const header = {
  type: 'run.header' as const,
  data: {
    runId: '20260101T000000Z-abcdef',
    engine: 1,
    steps: {},
    only: [],
    planHash: '',
    fingerprints: {},
  },
};
const log = (message: string) => ({ type: 'log' as const, data: { level: 'info' as const, message } });
const started = (step: string) => ({ type: 'step.started' as const, step, data: {} });

describe('writing a journal', () => {
  test('numbers events in the order of calls, whoever waits for them', async () => {
    const writer = await writerAt();
    await Promise.all([
      writer.append(header),
      ...Array.from({ length: 50 }, (_, index) =>
        writer.append(index % 2 === 0 ? log(String(index)) : started(String(index))),
      ),
    ]);
    await writer.close();
    const events = await readJournal(path);
    expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index));
    expect(
      events
        .slice(1)
        .map((event) => ('step' in event ? event.step : ''))
        .filter((id) => id !== ''),
    ).toHaveLength(25);
  });

  test('flushes every change of state, and neither progress nor log lines', async () => {
    let flushed = 0;
    const writer = await writerAt({
      open: async (at) => {
        const file = await openAppendFile(at);
        return { ...file, sync: () => ((flushed += 1), file.sync()) };
      },
    });
    await writer.append(header);
    const before = flushed;
    await writer.append(log('a line'));
    await writer.append({ type: 'progress', data: { items: [] } });
    expect(flushed).toBe(before);
    await writer.append(started('data'));
    expect(flushed).toBe(before + 1);
    await writer.close();
  });

  test('cuts off a torn line before it appends', async () => {
    const first = await writerAt();
    await first.append(header);
    await first.close();
    await appendFile(path, '{"seq":1,"type":"st');
    const tail = new JournalTail(path);
    await tail.read();
    const second = await writerAt({ nextSeq: tail.nextSeq, bytes: tail.bytes });
    await second.append(started('data'));
    await second.close();
    expect(await readJournal(path)).toHaveLength(2);
  });

  test('takes secrets out of texts at any depth', async () => {
    const writer = await writerAt({ redact: (text) => text.replaceAll('hunter2', '•••') });
    await writer.append(header);
    const output = { list: [{ deep: 'is hunter2.' }], count: 1 };
    await writer.append({ type: 'unit.done', step: 'data', unit: 'orders', data: { output } });
    await writer.close();
    expect(await readFile(path, 'utf8')).not.toContain('hunter2');
    expect((await readJournal(path))[1]).toMatchObject({
      data: { output: { list: [{ deep: 'is •••.' }], count: 1 }, redacted: true },
    });
  });

  test('writes nothing once its lock is lost, and says why to everybody who waits', async () => {
    let lost = false;
    const writer = await writerAt({
      guard: () => (lost ? Promise.reject(new AppError('RUN_LOCKED', 'Taken over.')) : Promise.resolve()),
    });
    await writer.append(header);
    lost = true;
    const waiting = await Promise.allSettled([writer.append(started('data')), writer.append(log('a line'))]);
    expect(waiting).toMatchObject([{ reason: { code: 'RUN_LOCKED' } }, { reason: { code: 'RUN_LOCKED' } }]);
    await expect(writer.append(log('another'))).rejects.toMatchObject({ code: 'RUN_LOCKED' });
    expect(writer.failed.aborted).toBe(true);
    expect(await readJournal(path)).toHaveLength(1);
    await writer.close();
  });
});
