import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openActivityLog } from './activity-log';

const { signal } = new AbortController();
let folder = '';
let clock = new Date('2026-03-31T23:59:58Z');
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cutover-activity-'));
  clock = new Date('2026-03-31T23:59:58Z');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const open = () =>
  openActivityLog({
    workspaceDir: folder,
    host: 'cli',
    redactor: () => Promise.resolve((text: string) => text.replaceAll('hunter2', '•••')),
    now: () => {
      clock = new Date(clock.getTime() + 1000);
      return clock;
    },
  });

const ban = (target: string) => ({ area: 'users', action: 'user.ban', target, outcome: 'done' }) as const;

test('entries come back the newest first, over the turn of a month and page by page', async () => {
  const log = open();
  for (let n = 0; n < 5; n += 1) await log.record(ban(`user ${n}`));
  const first = await log.list({ limit: 2 }, signal);
  expect(first.entries.map((entry) => entry.target)).toEqual(['user 4', 'user 3']);
  const second = await log.list({ limit: 2, before: first.next }, signal);
  expect(second.entries.map((entry) => entry.target)).toEqual(['user 2', 'user 1']);
  const third = await log.list({ limit: 2, before: second.next }, signal);
  expect(third.entries.map((entry) => entry.target)).toEqual(['user 0']);
  expect(third.next).toBeUndefined();
  expect(first.entries[0]?.by).toMatch(/@/);
});

test('a log that nobody has written is empty', async () => {
  expect(await open().list({ limit: 10 }, signal)).toEqual({ entries: [] });
});

test('filters by area, text and time', async () => {
  const log = open();
  await log.record(ban('Ada'));
  await log.record({ area: 'buckets', action: 'objects.delete', target: 'media', outcome: 'partial' });
  await log.record(ban('Grace'));
  const targets = async (filter: Parameters<typeof log.list>[0]) =>
    (await log.list(filter, signal)).entries.map((entry) => entry.target);
  expect(await targets({ limit: 9, areas: ['buckets'] })).toEqual(['media']);
  expect(await targets({ limit: 9, text: 'grace' })).toEqual(['Grace']);
  expect(
    await targets({ limit: 9, from: '2026-04-01T00:00:00.000Z', to: '2026-04-01T00:00:01.000Z' }),
  ).toEqual(['media']);
});

test('a torn line costs nothing but itself', async () => {
  const log = open();
  await log.record(ban('before'));
  await appendFile(path.join(folder, 'activity', '2026-03.jsonl'), '{"id":"torn');
  clock = new Date('2026-03-31T23:59:50Z');
  await log.record(ban('after'));
  expect((await log.list({ limit: 9 }, signal)).entries.map((entry) => entry.target)).toEqual([
    'after',
    'before',
  ]);
});

test('two logs on one folder append side by side, and no secret is written', async () => {
  const logs = [open(), open()] as const;
  await Promise.all(
    Array.from({ length: 40 }, (_, n) =>
      (n % 2 === 0 ? logs[0] : logs[1]).record({
        ...ban(`user ${n}`),
        detail: 'typed hunter2',
        after: { note: ['hunter2'] },
      }),
    ),
  );
  const { entries } = await open().list({ limit: 100 }, signal);
  expect(new Set(entries.map((entry) => entry.target)).size).toBe(40);
  const text = await Promise.all(
    ['2026-03.jsonl', '2026-04.jsonl'].map((name) =>
      readFile(path.join(folder, 'activity', name), 'utf8').catch(() => ''),
    ),
  );
  expect(text.join('')).not.toContain('hunter2');
});
