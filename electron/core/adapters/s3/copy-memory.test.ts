import { expect, test } from 'vitest';
import { createCopyMemory } from './copy-memory';

const entry = { key: 'a', size: 1, etag: 'e', modifiedAt: '2026-01-01T00:00:00.000Z' };
const attributes = { headers: { 'content-type': 'text/plain', expires: '0' }, metadata: { by: 'ada' } };

test('knows what was copied, in that version and with those attributes alone', () => {
  const memory = createCopyMemory();
  memory.add('files', entry, attributes);
  const same = memory.find('files', entry);
  expect(same?.(attributes)).toBe(true);
  expect(same?.({ ...attributes, headers: { expires: '0', 'content-type': 'text/plain' } })).toBe(true);
  expect(same?.({ ...attributes, metadata: { by: 'bob' } })).toBe(false);
  expect(same?.({ ...attributes, metadata: {} })).toBe(false);
  expect(memory.find('other', entry)).toBeUndefined();
  // A rewrite with the same content has another time.
  expect(memory.find('files', { ...entry, modifiedAt: '2026-01-02T00:00:00.000Z' })).toBeUndefined();
});
