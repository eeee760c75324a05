import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toAppError } from '#shared/model/errors';
import { deriveKey, type Kdf, newKdf, seal, sealCheck, unlockVault, unseal } from './vault';

/** Cheap parameters: the cost is not what these tests are about. */
const kdf: Kdf = { name: 'scrypt', n: 2 ** 10, r: 8, p: 1, salt: randomBytes(16).toString('base64') };
const key = randomBytes(32);
const text = fc.string({ unit: 'binary', maxLength: 300 }).map((value) => Buffer.from(value).toString());

test('what was sealed opens again', () => {
  fc.assert(
    fc.property(text, fc.string(), (value, name) => {
      expect(unseal(key, kdf, name, seal(key, kdf, name, value))).toBe(value);
    }),
  );
});

test('a sealed value opens under no other name, key or header', () => {
  fc.assert(
    fc.property(text, fc.string(), fc.string(), (value, name, other) => {
      fc.pre(name !== other);
      const sealed = seal(key, kdf, name, value);
      expect(unseal(key, kdf, other, sealed)).toBeUndefined();
      expect(unseal(randomBytes(32), kdf, name, sealed)).toBeUndefined();
      expect(unseal(key, { ...kdf, n: kdf.n * 2 }, name, sealed)).toBeUndefined();
    }),
  );
});

test('a change of any byte is noticed', () => {
  fc.assert(
    fc.property(
      text,
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      fc.boolean(),
      (value, at, flip, inNonce) => {
        const sealed = seal(key, kdf, 'NAME', value);
        const bytes = Buffer.from(inNonce ? sealed.nonce : sealed.box, 'base64');
        const index = at % bytes.length;
        bytes[index] = (bytes[index] ?? 0) ^ flip;
        const changed = bytes.toString('base64');
        const damaged = inNonce ? { ...sealed, nonce: changed } : { ...sealed, box: changed };
        expect(unseal(key, kdf, 'NAME', damaged)).toBeUndefined();
      },
    ),
  );
});

test('the same value is never sealed to the same bytes', () => {
  const sealed = new Set(Array.from({ length: 50 }, () => seal(key, kdf, 'NAME', 'same').box));
  expect(sealed.size).toBe(50);
});

test('a passphrase opens its vault in any Unicode form; another one does not', async () => {
  const check = sealCheck(await deriveKey('caf\u00e9 au lait', kdf), kdf);
  await expect(unlockVault('cafe\u0301 au lait', kdf, check)).resolves.toHaveLength(32);
  const error = toAppError(await unlockVault('cafe au lait', kdf, check).catch((reason: unknown) => reason));
  expect(error.code).toBe('SECRETS_PASSPHRASE_WRONG');
});

test('new vaults use the full cost and a fresh salt', async () => {
  const [a, b] = [newKdf(), newKdf()];
  expect(a).toMatchObject({ name: 'scrypt', n: 131_072, r: 8, p: 1 });
  expect(a.salt).not.toBe(b.salt);
  expect(await deriveKey('a passphrase', a)).toHaveLength(32);
});
