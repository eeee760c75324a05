import { describe, expect, it } from 'vitest';
import { defaultUserChoices, type UsersMapping } from '#shared/model/users-mapping';
import { hashFacts, keepInstead, mappingRows, parseMapping, usersChoices } from './users.logic';

const mapping: UsersMapping = {
  version: 1,
  sources: [
    {
      schema: 'public',
      name: 'users',
      id: 'id',
      joins: [],
      fields: { email: 'mail', hash: { sql: 'lower(t.pw)' } },
      userMetadata: { name: { from: 'profile', column: 'full_name' } },
      appMetadata: {},
    },
  ],
  choices: { ...defaultUserChoices, keep: ['public.users:1', 'public.users:9'] },
};

const user = (id: number) => ({
  ref: `public.users:${id}`,
  address: 'a•••@e•••.com',
  lastSignIn: '',
  createdAt: '',
  inactive: false,
});

describe('a mapping on the page', () => {
  it('shows every part with where it is taken from', () => {
    expect(mappingRows(mapping).map(({ part, from }) => `${part} ← ${from}`)).toEqual([
      'Id ← id',
      'E-mail ← mail',
      'Password ← lower(t.pw)',
      'User metadata: name ← profile.full_name',
    ]);
  });

  it('gives what is disputed to another one, and leaves other disputes alone', () => {
    const disputes = [{ keep: user(1), why: 'chosen', others: [user(2), user(3)] }];
    expect(keepInstead(mapping, disputes, 'public.users:3').choices.keep).toEqual([
      'public.users:9',
      'public.users:3',
    ]);
  });

  it('is parsed with its defaults, or says what is wrong', () => {
    const { choices: _choices, ...short } = mapping;
    expect(parseMapping(JSON.stringify(short)).mapping?.choices).toEqual(defaultUserChoices);
    expect(parseMapping('{')).toEqual({ error: 'Line 1, column 2: expected a key in double quotes, or }.' });
    expect(parseMapping('{"sources": []}').error).toContain('sources');
    expect(parseMapping(JSON.stringify({ ...mapping, extra: 1 })).error).toContain('extra');
  });

  it('asks of triggers and ids only where there are such, and takes no answer that is none', () => {
    const users = {
      ...{
        table: 'public.users',
        count: 1,
        hashes: [],
        unverified: 0,
        inactive: 0,
        exceptions: {},
        badPhones: 0,
      },
      ...{ clashes: 0, mapping, chosen: false, others: [], samples: [], disputes: [], profileTriggers: [] },
    };
    const id = { table: 'public.users', type: 'bigint', references: [] };
    const plain = usersChoices({ ...users, triggers: [], ids: [{ ...id, kept: true }] });
    expect(plain).toHaveLength(3);
    expect(plain[0]?.choose('skip')).toEqual({ ...mapping.choices, inactive: 'skip' });
    expect(plain[0]?.choose('delete')).toBeUndefined();
    const all = usersChoices({ ...users, triggers: ['make_profile'], ids: [{ ...id, kept: false }] });
    expect(all.map(({ value }) => value)).toEqual(['ban', 'unconfirmed', 'refuse', 'skip', 'bridge']);
  });

  it('says of each format of hashes whether the password keeps working', () => {
    expect(
      hashFacts([
        { kind: 'bcrypt $2b$ cost 12', users: 1200, accepted: true },
        { kind: 'phpass', users: 2, accepted: false },
        { kind: 'none', users: 1, accepted: false },
      ]).map(({ value }) => value),
    ).toEqual(['1,200, keeps working', '2, needs a reset', '1']);
  });
});
