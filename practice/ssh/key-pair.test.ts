import ssh2 from 'ssh2';
import { expect, test } from 'vitest';
import { generateKeyPair } from './key-pair';

test('every generated key can be read back', () => {
  const keys = Array.from({ length: 600 }, () => generateKeyPair().private);
  expect(keys.filter((key) => ssh2.utils.parseKey(key) instanceof Error)).toEqual([]);
  const locked = generateKeyPair({ passphrase: 'of a test' }).private;
  expect(ssh2.utils.parseKey(locked)).toBeInstanceOf(Error);
  expect(ssh2.utils.parseKey(locked, 'of a test')).not.toBeInstanceOf(Error);
});
