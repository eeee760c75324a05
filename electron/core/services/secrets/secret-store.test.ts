import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { toAppError } from '#shared/model/errors';
import type { SecretsBroker } from '../../ports/secrets-broker';
import { openSecretStore, type SecretStoreOptions } from './secret-store';

let folder = '';
let file = '';
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cutover-secrets-'));
  file = path.join(folder, 'secrets.json');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const store = (options: Partial<SecretStoreOptions> = {}) =>
  openSecretStore({ file, broker: undefined, fromEnvironment: false, neverStored: false, ...options });

const codeOf = async (promise: Promise<unknown>) =>
  promise.then(
    () => 'none',
    (error: unknown) => toAppError(error).code,
  );

/** Stands for the desktop's key store: reversible, and not the text itself. */
const broker: SecretsBroker = {
  available: () => Promise.resolve(true),
  encrypt: (text) => Promise.resolve(Buffer.from(text).reverse().toString('base64')),
  decrypt: (base64) => Promise.resolve(Buffer.from(base64, 'base64').reverse().toString()),
};
const noKeyStore: SecretsBroker = { ...broker, available: () => Promise.resolve(false) };

describe('passphrase vault', () => {
  test('is new, takes a passphrase, keeps a secret, and opens again in another process', async () => {
    const first = store();
    expect(await first.view()).toEqual({ kind: 'passphrase', state: 'new' });
    expect(await codeOf(first.update({ SUPABASE_SECRET_KEY: 'planted-secret' }))).toBe('SECRETS_LOCKED');
    expect(await codeOf(first.unlock('short'))).toBe('INVALID_INPUT');
    await first.unlock('correct horse battery');
    await first.update({ SUPABASE_SECRET_KEY: 'planted-secret' });
    expect(await first.view()).toEqual({ kind: 'passphrase', state: 'open' });

    const second = store();
    expect(await second.view()).toEqual({ kind: 'passphrase', state: 'locked' });
    expect(await second.read()).toMatchObject({ values: {}, locked: ['SUPABASE_SECRET_KEY'] });
    expect(await codeOf(second.unlock('wrong passphrase'))).toBe('SECRETS_PASSPHRASE_WRONG');
    expect(await second.view()).toEqual({ kind: 'passphrase', state: 'locked' });
    await second.unlock('correct horse battery');
    expect((await second.read()).values).toEqual({ SUPABASE_SECRET_KEY: 'planted-secret' });

    const text = await readFile(file, 'utf8');
    expect(text).not.toContain('planted-secret');
    expect(text).not.toContain('horse');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  test('two processes change different secrets and none is lost', async () => {
    const [a, b] = [store(), store()];
    await Promise.all([a.unlock('correct horse battery'), b.unlock('correct horse battery')]);
    await Promise.all([
      a.update({ SUPABASE_SECRET_KEY: 'from-a' }),
      b.update({ R2_SECRET_ACCESS_KEY: 'from-b' }),
    ]);
    expect((await a.read()).values).toEqual({
      SUPABASE_SECRET_KEY: 'from-a',
      R2_SECRET_ACCESS_KEY: 'from-b',
    });
  });

  test('a value that was moved to another setting is refused', async () => {
    const vault = store();
    await vault.unlock('correct horse battery');
    await vault.update({ SUPABASE_SECRET_KEY: 'one', R2_SECRET_ACCESS_KEY: 'two' });
    const content = z
      .looseObject({ values: z.record(z.string(), z.unknown()) })
      .parse(JSON.parse(await readFile(file, 'utf8')));
    content.values.R2_SECRET_ACCESS_KEY = content.values.SUPABASE_SECRET_KEY;
    await writeFile(file, JSON.stringify(content));
    expect(await codeOf(vault.read())).toBe('WORKSPACE_UNREADABLE');
  });

  test('a vault that another process replaced is locked, not damaged', async () => {
    const old = store();
    await old.unlock('correct horse battery');
    await old.update({ SUPABASE_SECRET_KEY: 'one' });
    await rm(file);
    const other = store();
    await other.unlock('another passphrase');
    await other.update({ SUPABASE_SECRET_KEY: 'two' });
    expect((await old.read()).locked).toEqual(['SUPABASE_SECRET_KEY']);
    expect(await old.view()).toEqual({ kind: 'passphrase', state: 'locked' });
  });
});

describe('key store of the desktop', () => {
  test('keeps secrets without a passphrase; other hosts see them locked', async () => {
    const desktop = store({ broker });
    expect(await desktop.view()).toEqual({ kind: 'safeStorage', state: 'open' });
    await desktop.update({ SUPABASE_SECRET_KEY: 'planted-secret' });
    expect((await desktop.read()).values).toEqual({ SUPABASE_SECRET_KEY: 'planted-secret' });
    expect(await readFile(file, 'utf8')).not.toContain('planted-secret');

    const cli = store();
    expect(await cli.view()).toEqual({ kind: 'safeStorage', state: 'locked' });
    const read = await cli.read();
    expect(read.locked).toEqual(['SUPABASE_SECRET_KEY']);
    expect(read.lockedError().code).toBe('SECRETS_STORE_UNAVAILABLE');
    expect(await codeOf(cli.update({ SUPABASE_SECRET_KEY: 'x' }))).toBe('SECRETS_STORE_UNAVAILABLE');
    expect(await codeOf(cli.unlock('correct horse battery'))).toBe('SECRETS_STORE_UNAVAILABLE');
  });

  test('without a real key store the desktop uses the vault', async () => {
    expect(await store({ broker: noKeyStore }).view()).toEqual({ kind: 'passphrase', state: 'new' });
  });
});

describe('environment', () => {
  test('asks for nothing, and a passphrase makes a vault', async () => {
    const given = store({ fromEnvironment: true });
    expect(await given.view()).toEqual({ kind: 'environment', state: 'open' });
    expect(await codeOf(given.update({ SUPABASE_SECRET_KEY: 'x' }))).toBe('SECRETS_LOCKED');
    await given.unlock('correct horse battery');
    expect(await given.view()).toEqual({ kind: 'passphrase', state: 'open' });
  });

  test('a workspace that never stores refuses', async () => {
    const practice = store({ neverStored: true, broker });
    expect(await practice.view()).toEqual({ kind: 'environment', state: 'open' });
    expect(await codeOf(practice.update({ SUPABASE_SECRET_KEY: 'x' }))).toBe('SECRETS_STORE_UNAVAILABLE');
    expect(await codeOf(practice.unlock('correct horse battery'))).toBe('SECRETS_STORE_UNAVAILABLE');
  });
});

test('a damaged file is told apart from an absent one', async () => {
  await writeFile(file, '{"version":1,"kind":');
  expect(await codeOf(store().read())).toBe('WORKSPACE_UNREADABLE');
  await writeFile(file, '{"version":2,"kind":"passphrase"}');
  expect(await codeOf(store().read())).toBe('WORKSPACE_UNREADABLE');
});
