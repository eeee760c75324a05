import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { runCli } from '../support/cli';
import { fingerprintOfKey, keygen, type OpenSshServer, startOpenSsh } from '../support/openssh';

// The SSH adapter against OpenSSH, with keys that OpenSSH made.

const folder = mkdtempSync(path.join(tmpdir(), 'cutover-openssh-'));
const file = (name: string) => path.join(folder, name);
const fingerprint = (name: string) => fingerprintOfKey(file(name));
let server: OpenSshServer;

beforeAll(async () => {
  keygen(file('host_ed25519'), 'ed25519');
  keygen(file('host_rsa'), 'rsa');
  keygen(file('user'), 'ed25519');
  keygen(file('user_rsa'), 'rsa');
  keygen(file('user_protected'), 'ed25519', 'the passphrase of a test');
  keygen(file('stranger'), 'ed25519');
  server = await startOpenSsh(folder, {
    host: [file('host_ed25519'), file('host_rsa')],
    users: [file('user'), file('user_rsa'), file('user_protected')],
  });
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

const outcome = z.object({
  ok: z.boolean(),
  facts: z.array(z.object({ label: z.string(), value: z.string() })),
  error: z.object({ code: z.string(), message: z.string(), hint: z.string().min(10) }).optional(),
});

/** What `cutover check` says of the host; the other ends are not configured and left out of the answer. */
async function check(settings: Record<string, string> = {}): Promise<z.infer<typeof outcome>> {
  const result = await runCli(['check', '--json', '--workspace', file('workspace')], {
    EASYPANEL_SSH_HOST: '127.0.0.1',
    EASYPANEL_SSH_PORT: String(server.port),
    EASYPANEL_SSH_USER: userInfo().username,
    EASYPANEL_SSH_KEY_FILE: file('user'),
    EASYPANEL_SSH_HOST_KEY: fingerprint('host_ed25519'),
    ...settings,
  });
  const { tests } = z
    .object({ tests: z.array(z.looseObject({ end: z.string() })) })
    .parse(JSON.parse(result.stdout));
  return outcome.parse(tests.find((item) => item.end === 'easypanel'));
}

test.each([
  ['an ed25519 key', {}],
  ['an RSA key', { EASYPANEL_SSH_KEY_FILE: 'user_rsa' }],
  [
    'a protected key',
    { EASYPANEL_SSH_KEY_FILE: 'user_protected', CUTOVER_SSH_KEY_PASSPHRASE: 'the passphrase of a test' },
  ],
])('signs in with %s', async (_name, settings) => {
  const named =
    'EASYPANEL_SSH_KEY_FILE' in settings
      ? { EASYPANEL_SSH_KEY_FILE: file(settings.EASYPANEL_SSH_KEY_FILE) }
      : {};
  const result = await check({ ...settings, ...named });
  expect(result).toMatchObject({ ok: true });
  expect(result.facts.find(({ label }) => label === 'System')?.value).toContain('Linux');
});

test('the RSA host key may be pinned instead', async () => {
  expect(await check({ EASYPANEL_SSH_HOST_KEY: fingerprint('host_rsa') })).toMatchObject({ ok: true });
});

test.each([
  ['another host key', () => ({ EASYPANEL_SSH_HOST_KEY: fingerprint('stranger') }), 'SSH_HOST_KEY_CHANGED'],
  ['no pinned key', () => ({ EASYPANEL_SSH_HOST_KEY: '' }), 'SSH_HOST_KEY_UNKNOWN'],
  ['a key that is not authorised', () => ({ EASYPANEL_SSH_KEY_FILE: file('stranger') }), 'SSH_AUTH_FAILED'],
  [
    'a wrong passphrase',
    () => ({ EASYPANEL_SSH_KEY_FILE: file('user_protected'), CUTOVER_SSH_KEY_PASSPHRASE: 'not it' }),
    'SSH_KEY_UNREADABLE',
  ],
])('says so: %s', async (_name, settings, code) => {
  expect((await check(settings())).error?.code).toBe(code);
});
