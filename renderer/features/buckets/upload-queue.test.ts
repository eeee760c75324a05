import { expect, test } from 'vitest';
import { AppError } from '#shared/model/errors';
import { createUploadQueue, type UploadEnds } from './upload-queue';

/** A host that keeps what arrives, and breaks where it is told. */
function host(taken: readonly string[] = []) {
  const stored = new Map<string, string>();
  const open = new Map<string, { key: string; parts: Map<number, string> }>();
  const sentParts: string[] = [];
  let hold: ((signal: AbortSignal) => Promise<void>) | undefined;
  const ends: UploadEnds = {
    begin: ({ key, file }, replace) => {
      if (!replace && (taken.includes(key) || stored.has(key))) return Promise.resolve({ state: 'exists' });
      const uploadId = `u-${key}`;
      open.set(uploadId, { key, parts: new Map() });
      return Promise.resolve({
        state: 'ready',
        uploadId,
        partSize: 4,
        parts: Math.max(1, Math.ceil(file.size / 4)),
      });
    },
    part: async (id, bytes, sent, signal) => {
      await hold?.(signal);
      const [uploadId = '', part = ''] = id.split('.');
      if (uploadId === 'u-bad') throw new AppError('OBJECTS_QUOTA_EXCEEDED', 'Full.');
      sentParts.push(id);
      sent(bytes.size);
      open.get(uploadId)?.parts.set(Number(part), await bytes.text());
    },
    finish: (uploadId) => {
      const upload = open.get(uploadId);
      const parts = [...(upload?.parts ?? [])].sort(([a], [b]) => a - b);
      stored.set(upload?.key ?? '', parts.map(([, text]) => text).join(''));
      open.delete(uploadId);
      return Promise.resolve();
    },
    abort: (uploadId) => {
      open.delete(uploadId);
      return Promise.resolve();
    },
  };
  return { ends, stored, open, sentParts, holdParts: (next: typeof hold) => (hold = next) };
}

const file = (key: string, text: string) => ({ bucket: 'b', key, file: new Blob([text]) });

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 1));
}

test('files arrive whole, in parts; one that fails stops no other, and a taken name is asked about', async () => {
  const { ends, stored } = host(['taken']);
  const queue = createUploadQueue(ends);
  queue.add([file('long', 'abcdefghij'), file('bad', 'x'), file('taken', 'new'), file('empty', '')]);
  await until(() => queue.state().rounds === 1);
  const { done, failed, asking } = queue.state();
  expect([done, failed.map(({ key }) => key), asking.map(({ key }) => key)]).toEqual([2, ['bad'], ['taken']]);
  expect(Object.fromEntries(stored)).toEqual({ long: 'abcdefghij', empty: '' });
  queue.answer([asking[0]?.id ?? 0], true);
  await until(() => queue.state().done === 3);
  expect(stored.get('taken')).toBe('new');
});

test('a pause keeps the parts that have arrived, and what is given up leaves nothing', async () => {
  const { ends, stored, open, sentParts, holdParts } = host();
  const queue = createUploadQueue(ends);
  const held = (signal: AbortSignal) =>
    new Promise<void>((_resolve, reject) =>
      signal.addEventListener('abort', () => reject(new AppError('CANCELLED', 'Stopped.'))),
    );
  queue.add([file('long', 'aaaabbbbccccddddee')]);
  await until(() => sentParts.length >= 1);
  holdParts(held);
  queue.pause();
  const before = [...sentParts];
  expect(queue.state()).toMatchObject({ paused: true });
  holdParts(undefined);
  await until(() => queue.state().running.length === 0);
  queue.resume();
  await until(() => stored.has('long') || queue.state().failed.length > 0);
  expect(stored.get('long')).toBe('aaaabbbbccccddddee');
  // No part that had arrived was sent again.
  expect(new Set(sentParts).size).toBe(sentParts.length);
  expect(sentParts.slice(0, before.length)).toEqual(before);

  holdParts(held);
  queue.add([file('never', 'aaaabbbb')]);
  await until(() => queue.state().running.length === 1 && open.size === 1);
  queue.clear();
  await until(() => open.size === 0);
  expect([queue.state().files, [...stored.keys()]]).toEqual([0, ['long']]);
});
