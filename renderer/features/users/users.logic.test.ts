import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { UserOutcome, UserReference } from '#shared/contract/users';
import type { UserDetail } from '#shared/model/users';
import { editOf } from './edit.logic';
import {
  bulkSummary,
  dayAfter,
  dayOf,
  dayStart,
  filterOf,
  hiddenFilters,
  isFiltered,
  metadataPatch,
  parseMetadata,
  referenceLine,
  retryIds,
  stateOf,
} from './users.logic';

const seen: UserDetail = {
  id: '00000000-0000-4000-8000-000000000001',
  email: 'ada@example.org',
  phone: '4930123456',
  providers: ['email'],
  mfa: false,
  migrated: false,
  anonymous: false,
  userMetadata: { plan: 'free', seats: 2 },
  appMetadata: {},
  identities: [],
  factors: [],
  passkeys: [],
};
const fields = {
  email: 'ada@example.org',
  phone: '+4930123456',
  userMetadata: JSON.stringify(seen.userMetadata),
  appMetadata: '{}',
};

describe('metadata', () => {
  it('becomes what was wanted when the patch is merged', () => {
    const metadata = fc.dictionary(
      fc.string({ minLength: 1, maxLength: 3 }).filter((key) => key !== '__proto__'),
      fc.jsonValue({ maxDepth: 2 }).filter((value) => value !== null),
    );
    fc.assert(
      fc.property(metadata, metadata, (old, wanted) => {
        const from = parseMetadata(JSON.stringify(old)) ?? {};
        const to = parseMetadata(JSON.stringify(wanted)) ?? {};
        const patch = metadataPatch(from, to) ?? {};
        const merged = Object.fromEntries(
          Object.entries({ ...from, ...patch }).filter(([, value]) => value !== null),
        );
        expect(merged).toEqual(to);
      }),
      { numRuns: 60 },
    );
  });

  it('is refused when it is no JSON object', () => {
    expect(parseMetadata('[1]')).toBeUndefined();
    expect(parseMetadata('{a: 1}')).toBeUndefined();
    expect(parseMetadata(' ')).toEqual({});
  });
});

describe('an edit', () => {
  it('sends what differs, and what was seen', () => {
    expect(editOf(seen, fields)).toEqual({ action: undefined, errors: {} });
    expect(editOf(seen, { ...fields, userMetadata: '{"plan": "pro"}' }).action).toMatchObject({
      kind: 'edit',
      userMetadata: { plan: 'pro', seats: null },
      seen: { userMetadata: { plan: 'free', seats: 2 }, email: 'ada@example.org' },
    });
    expect(editOf(seen, { ...fields, email: 'ADA@example.org', phone: '+49 30 999999' }).action).toEqual({
      kind: 'edit',
      phone: '+4930999999',
      seen: {
        email: 'ada@example.org',
        phone: '4930123456',
        userMetadata: seen.userMetadata,
        appMetadata: {},
      },
    });
  });

  it('says what is wrong instead of sending it', () => {
    const { action, errors } = editOf(seen, { ...fields, email: '', phone: 'x', appMetadata: '{' });
    expect(action).toBeUndefined();
    expect(Object.keys(errors)).toEqual(['email', 'phone', 'appMetadata']);
  });
});

it('filters leave out what is not set', () => {
  expect(filterOf('  ', { state: undefined })).toEqual({});
  expect(filterOf(' a ', { mfa: false, field: undefined })).toEqual({ mfa: false, text: 'a' });
  expect([isFiltered({}), isFiltered({ text: '' }), isFiltered({ mfa: false })]).toEqual([
    false,
    false,
    true,
  ]);
  expect(hiddenFilters({ mfa: true, state: 'banned', createdTo: 'x' })).toBe(2);
});

it('days come back as they were chosen', () => {
  for (const day of ['2026-03-29', '2026-10-25', '2026-12-31']) {
    expect(dayOf(dayStart(day), false)).toBe(day);
    expect(dayOf(dayAfter(day), true)).toBe(day);
  }
});

it('states tell who was invited from who did not confirm', () => {
  const { email: _email, ...nobody } = seen;
  const now = new Date('2026-11-22T12:00:00Z');
  expect(stateOf(nobody, now)).toEqual({ label: 'Unconfirmed', tone: 'idle' });
  expect(stateOf({ ...nobody, invitedAt: '2026-11-21T00:00:00Z' }, now).label).toBe('Invited');
  expect(stateOf({ ...nobody, bannedUntil: '2027-01-01T00:00:00Z' }, now)).toEqual({
    label: 'Banned',
    tone: 'bad',
  });
});

it('of many, those that were not done are tried again and nobody else', () => {
  const problem = (id: string): UserOutcome => ({ id, label: id, status: 'failed' });
  const progress = { done: 2, unchanged: 0, failed: 1, unknown: 1, total: 6 };
  const ids = ['a', 'b', 'c', 'd', 'e', 'f'];
  expect(retryIds(ids, [problem('b'), problem('d')], progress)).toEqual(['b', 'd', 'e', 'f']);
  expect(bulkSummary(progress)).toBe('2 done, 1 not done, 1 not known, 2 not touched');
});

it('a reference names table, column, rows and effect', () => {
  const reference: UserReference = {
    table: 'public.orders',
    columns: ['buyer'],
    constraint: 'orders_buyer_fkey',
    effect: 'blocks',
  };
  expect(referenceLine({ ...reference, rows: 1 })).toBe('public.orders (buyer): 1 row, blocks the delete');
  expect(referenceLine(reference)).toContain('rows not counted');
});
