import { expect, test } from 'vitest';
import { stateOf } from './object-state';

test('a state says different only where the listings prove it', () => {
  const here = { size: 5, etag: 'aa' };
  expect([
    stateOf(here, undefined),
    stateOf(here, { size: 5, etag: 'aa' }),
    stateOf(here, { size: 6, etag: 'aa' }),
    stateOf(here, { size: 5, etag: 'bb' }),
    stateOf(here, { size: 5, etag: 'bb-2' }),
  ]).toEqual(['missing', 'identical', 'differs', 'differs', 'same-size']);
});
