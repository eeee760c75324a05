import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { runCli } from '../support/cli';

// The SSH adapter against OpenSSH, with keys that OpenSSH made. Needs /usr/sbin/sshd (Debian: openssh-server).

const folder = mkdtempSync(path.join(tmpdir(), 'cutover-openssh-'));
const file = (name: string) => path.join(folder, name);
let server: ChildProcess;
let port = 0;

function keygen(name: string, type: 'ed25519' | 'rsa', passphrase = ''): void {
  execFileSync('ssh-keygen', ['-q', '-t', type, '-N', passphrase, '-C', 'cutover-test', '-f', file(name)]);
}

function fingerprint(name: string): string {
  return (
    execFileSync('ssh-keygen', ['-l', '-E', 'sha256', '-f', file(`${name}.pub`)], { encoding: 'utf8' }).split(
      ' ',
    )[1] ?? ''
  );
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = z.object({ port: z.number() }).parse(probe.address());
  probe.close();
  await once(probe, 'close');
  return address.port;
}

async function answers(): Promise<boolean> {
  const socket = createConnection({ host: '127.0.0.1', port });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

beforeAll(async () => {
  keygen('host_ed25519', 'ed25519');
  keygen('host_rsa', 'rsa');
  keygen('user', 'ed25519');
  keygen('user_rsa', 'rsa');
  keygen('user_protected', 'ed25519', 'the passphrase of a test');
  keygen('stranger', 'ed25519');
  writeFileSync(
    file('authorized_keys'),
    ['user', 'user_rsa', 'user_protected'].map((name) => readFileSync(file(`${name}.pub`), 'utf8')).join(''),
  );
  chmodSync(file('authorized_keys'), 0o600);
  port = await freePort();
  writeFileSync(
    file('sshd_config'),
    [
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${file('host_ed25519')}`,
      `HostKey ${file('host_rsa')}`,
      `AuthorizedKeysFile ${file('authorized_keys')}`,
      `PidFile ${file('sshd.pid')}`,
      'PasswordAuthentication no',
      'PermitRootLogin prohibit-password',
      'StrictModes no',
      'UsePAM no',
    ].join('\n'),
  );
  // OpenSSH as root separates privileges into this folder and does not start without it.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true });
  server = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', file('sshd_config')], { stdio: 'ignore' });
  for (let tries = 0; tries < 100 && !(await answers()); tries += 1) await delay(100);
});
afterAll(async () => {
  const ended = once(server, 'exit');
  server.kill();
  await ended;
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
    EASYPANEL_SSH_PORT: String(port),
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
