import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto';
import { z } from 'zod';
import { AppError } from '#shared/model/errors';

const base64 = z.base64();

/** How the key is made of the passphrase. Bounded, so that a changed file can't ask for all memory. */
export const kdfSchema = z.object({
  name: z.literal('scrypt'),
  n: z
    .number()
    .int()
    .min(2 ** 10)
    .max(2 ** 20)
    .refine((n) => Number.isInteger(Math.log2(n))),
  r: z.number().int().min(1).max(16),
  p: z.number().int().min(1).max(4),
  salt: base64,
});
export type Kdf = z.infer<typeof kdfSchema>;

/** AES-256-GCM: `box` is the ciphertext followed by its 16-byte tag. */
export const sealedSchema = z.object({ nonce: base64, box: base64 });
export type Sealed = z.infer<typeof sealedSchema>;

/** The parameters for new vaults: 128 MiB and about half a second per guess. */
const cost = { n: 2 ** 17, r: 8, p: 1 };
const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;

/** Parameters with a fresh salt. */
export function newKdf(): Kdf {
  return { name: 'scrypt', ...cost, salt: randomBytes(16).toString('base64') };
}

/** The vault's key. The passphrase is brought to one Unicode form first, so that it can be typed on any system. */
export function deriveKey(passphrase: string, kdf: Kdf): Promise<Buffer> {
  const { n, r, p } = kdf;
  const options = { N: n, r, p, maxmem: 128 * n * r * p + 32 * 1024 * 1024 };
  return new Promise((resolve, reject) => {
    scrypt(passphrase.normalize('NFKC'), Buffer.from(kdf.salt, 'base64'), keyBytes, options, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}

/** Encrypts a text under a fresh nonce. The name and the vault's header are bound to it: it opens under no other name. */
export function seal(key: Buffer, kdf: Kdf, name: string, text: string): Sealed {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes });
  cipher.setAAD(boundData(kdf, name));
  const box = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return { nonce: nonce.toString('base64'), box: box.toString('base64') };
}

/** Decrypts; undefined when the key is another one or anything was changed. */
export function unseal(key: Buffer, kdf: Kdf, name: string, sealed: Sealed): string | undefined {
  const nonce = Buffer.from(sealed.nonce, 'base64');
  const box = Buffer.from(sealed.box, 'base64');
  if (nonce.length !== nonceBytes || box.length < tagBytes) return undefined;
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes });
    decipher.setAAD(boundData(kdf, name));
    decipher.setAuthTag(box.subarray(box.length - tagBytes));
    return Buffer.concat([
      decipher.update(box.subarray(0, box.length - tagBytes)),
      decipher.final(),
    ]).toString('utf8');
  } catch {
    return undefined;
  }
}

function boundData(kdf: Kdf, name: string): Buffer {
  return Buffer.from(
    JSON.stringify(['cutover-vault', 1, kdf.name, kdf.n, kdf.r, kdf.p, kdf.salt, name]),
    'utf8',
  );
}

const checkName = 'check';

/** A sealed fixed text: it opens with the right passphrase only. No setting is called like it. */
export function sealCheck(key: Buffer, kdf: Kdf): Sealed {
  return seal(key, kdf, checkName, checkName);
}

/** The key of an existing vault. Throws `SECRETS_PASSPHRASE_WRONG`. */
export async function unlockVault(passphrase: string, kdf: Kdf, check: Sealed): Promise<Buffer> {
  const key = await deriveKey(passphrase, kdf);
  if (unseal(key, kdf, checkName, check) === checkName) return key;
  throw new AppError(
    'SECRETS_PASSPHRASE_WRONG',
    'The passphrase does not open the secrets of this workspace.',
    {
      hint: 'Type it again. Nobody can recover it: without it, delete secrets.json in the workspace and enter the secrets anew.',
    },
  );
}
