import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRedactor, secretPartsOf } from './redact';

const secret = fc
  .string({ minLength: 8, maxLength: 60, unit: 'grapheme' })
  .filter((text) => text.trim() !== '');
const around = fc.string({ maxLength: 40 });

describe('createRedactor', () => {
  test('takes a secret out wherever it stands, and leaves the rest', () => {
    fc.assert(
      fc.property(secret, around, around, (value, before, after) => {
        const redact = createRedactor([value]);
        expect(redact(`${before}${value}${after}`)).not.toContain(value);
      }),
    );
  });

  test('takes out percent-encoded, base64 and JSON forms', () => {
    fc.assert(
      fc.property(secret, (value) => {
        const redact = createRedactor([value]);
        const forms = [
          encodeURIComponent(value),
          Buffer.from(value).toString('base64'),
          Buffer.from(value).toString('base64url'),
          JSON.stringify(value).slice(1, -1),
        ];
        for (const form of forms) expect(redact(`x ${form} y`)).not.toContain(form);
      }),
    );
  });

  test('takes the secret out of a basic authorisation header, whatever the user name', () => {
    fc.assert(
      fc.property(
        secret,
        fc.string({ minLength: 1, maxLength: 9, unit: 'grapheme-ascii' }),
        (value, user) => {
          const header = Buffer.from(`${user}:${value}`).toString('base64');
          const shown = createRedactor([value])(header);
          expect(shown).toContain('•••');
          expect(Buffer.from(shown, 'base64').toString()).not.toContain(value);
        },
      ),
    );
  });

  test('leaves texts without the secret as they are', () => {
    const redact = createRedactor(['correct-horse-battery']);
    expect(redact('duplicate key value violates unique constraint "users_pkey"')).toBe(
      'duplicate key value violates unique constraint "users_pkey"',
    );
  });

  test('replaces very short secrets only where they stand alone', () => {
    const redact = createRedactor(['ab']);
    expect(redact('cabbage password=ab.')).toBe('cabbage password=•••.');
  });

  test('replaces a secret that holds another one as a whole', () => {
    const redact = createRedactor(['hunter2', 'postgres://u:hunter2@h/d']);
    expect(redact('at postgres://u:hunter2@h/d')).toBe('at •••');
  });
});

test('secretPartsOf gives the password of a connection URL raw and decoded', () => {
  const parts = secretPartsOf('postgresql://shop:p%40ss%2Fword@db:5432/shop');
  expect(parts).toContain('p%40ss%2Fword');
  expect(parts).toContain('p@ss/word');
  expect(secretPartsOf('postgresql://shop:p@ss/w@db/shop')).toContain('p@ss/w');
});
