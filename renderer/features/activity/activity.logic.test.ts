import { expect, test } from 'vitest';
import { changesOf } from './activity.logic';

test('names what changed and leaves out what stayed', () => {
  expect(
    changesOf({
      before: { email: 'a@x.org', role: 'user' },
      after: { email: 'b@x.org', role: 'user', tags: ['vip'] },
    }),
  ).toEqual(['email: a@x.org → b@x.org', 'tags: none → ["vip"]']);
});

test('what was removed goes to none', () => {
  expect(changesOf({ before: { phone: '+49 30 1' } })).toEqual(['phone: +49 30 1 → none']);
});

test('an act without a change says nothing', () => {
  expect(changesOf({})).toEqual([]);
});
