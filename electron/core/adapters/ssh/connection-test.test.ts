import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import ssh2 from 'ssh2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { AppError } from '#shared/model/errors';
import type { SettingName } from '#shared/model/settings';
import type { Settings } from '../../ports/settings';
import { generateKeyPair } from '../../../../practice/ssh/key-pair';
import { sshTester } from './connection-test';
import { fingerprintOf } from './host-key';

const { utils } = ssh2;
const hostKeys = {
  ed25519: generateKeyPair(),
  rsa: utils.generateKeyPairSync('rsa', { bits: 2048 }),
};
const userKey = generateKeyPair();
const otherKey = generateKeyPair();
const passphrase = 'planted-key-passphrase';
const protectedKey = generateKeyPair({ passphrase });

/** What the server accepts besides keys; empty: nothing. */
const passwords = { direct: '', asked: '' };

const parsedKey = (text: string, secret?: string) => {
  const key = utils.parseKey(text, secret);
  if (key instanceof Error) throw key;
  return key;
};
const fingerprint = (text: string) => fingerprintOf(parsedKey(text).getPublicSSH());

/** An SSH server with both host keys that lets two keys in and knows `uname -a`; it counts who got as far as signing in. */
let authentications = 0;
const server = new ssh2.Server({ hostKeys: [hostKeys.ed25519.private, hostKeys.rsa.private] }, (client) => {
  client.on('error', () => {});
  client.on('authentication', (attempt) => {
    authentications += 1;
    const allowed = [parsedKey(userKey.public), parsedKey(protectedKey.private, passphrase)].map((key) =>
      key.getPublicSSH(),
    );
    if (attempt.method === 'publickey' && allowed.some((key) => key.equals(attempt.key.data)))
      attempt.accept();
    else if (attempt.method === 'password' && passwords.direct === attempt.password) attempt.accept();
    // As servers with PAM do: the password is asked for as a question.
    else if (attempt.method === 'keyboard-interactive' && passwords.asked !== '') {
      attempt.prompt([{ prompt: 'Password: ', echo: false }], (answers) => {
        if (answers[0] === passwords.asked) attempt.accept();
        else attempt.reject();
      });
    } else attempt.reject(['publickey', 'password', 'keyboard-interactive']);
  });
  client.on('session', (accept) => {
    accept().on('exec', (acceptExec, _reject, { command }) => {
      const channel = acceptExec();
      if (command === 'uname -a') channel.write('Linux test-host 6.1 x86_64\n');
      channel.exit(command === 'uname -a' ? 0 : 127);
      channel.end();
    });
  });
});

let port = 0;
let folder = '';
const file = (name: string) => path.join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cutover-ssh-'));
  await writeFile(file('user'), userKey.private, { mode: 0o600 });
  await writeFile(file('user.pub'), userKey.public);
  await writeFile(file('other'), otherKey.private, { mode: 0o600 });
  await writeFile(file('protected'), protectedKey.private, { mode: 0o600 });
  await writeFile(file('garbage'), 'not a key');
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = z.object({ port: z.number() }).parse(server.address()).port;
});
afterAll(async () => {
  server.close();
  await rm(folder, { recursive: true, force: true });
});

function settings(changes: Partial<Record<SettingName, string>> = {}): Settings {
  const values: Partial<Record<SettingName, string>> = {
    EASYPANEL_SSH_HOST: '127.0.0.1',
    EASYPANEL_SSH_PORT: String(port),
    EASYPANEL_SSH_USER: 'deploy',
    EASYPANEL_SSH_KEY_FILE: file('user'),
    EASYPANEL_SSH_HOST_KEY: fingerprint(hostKeys.ed25519.private),
    ...changes,
  };
  return {
    get: (name) => (values[name] === '' ? undefined : values[name]),
    require: (name) => {
      const value = values[name];
      if (value === undefined) throw new AppError('SETTING_MISSING', `${name} is not set.`);
      return value;
    },
    redact: (text) => text,
  };
}

const signal = new AbortController().signal;
const run = (
  changes: Partial<Record<SettingName, string>> = {},
  secrets: { keyPassphrase?: string; agent?: string } = {},
) => sshTester({ keyPassphrase: secrets.keyPassphrase, agent: secrets.agent })(settings(changes), signal);

describe('test of the Easypanel host', () => {
  test('signs in and reports the system; a host without Docker is a warning', async () => {
    const result = await run();
    expect(result).toMatchObject({ ok: true });
    expect(result.facts).toContainEqual({ label: 'System', value: 'Linux test-host 6.1 x86_64' });
    expect(result.warnings.map(({ code }) => code)).toEqual(['DOCKER_NOT_USABLE']);
  });

  test('without a pinned key it tells the fingerprint and does not sign in', async () => {
    const before = authentications;
    const result = await run({ EASYPANEL_SSH_HOST_KEY: '' });
    expect(result).toMatchObject({ ok: false, setting: 'EASYPANEL_SSH_HOST_KEY' });
    expect(result.error?.code).toBe('SSH_HOST_KEY_UNKNOWN');
    expect(result.error?.hint).toContain(fingerprint(hostKeys.ed25519.private));
    expect(authentications).toBe(before);
  });

  test('another host key is refused before signing in', async () => {
    const before = authentications;
    const result = await run({ EASYPANEL_SSH_HOST_KEY: `SHA256:${'A'.repeat(43)}` });
    expect(result.error?.code).toBe('SSH_HOST_KEY_CHANGED');
    expect(result.error?.details).toMatchObject({ fingerprint: fingerprint(hostKeys.ed25519.private) });
    expect(authentications).toBe(before);
  });

  test('a fingerprint of another of its keys is found', async () => {
    expect(await run({ EASYPANEL_SSH_HOST_KEY: fingerprint(hostKeys.rsa.private) })).toMatchObject({
      ok: true,
    });
  });

  test('a key that the host does not know', async () => {
    const result = await run({ EASYPANEL_SSH_KEY_FILE: file('other') });
    expect(result).toMatchObject({ ok: false, setting: 'EASYPANEL_SSH_KEY_FILE' });
    expect(result.error?.code).toBe('SSH_AUTH_FAILED');
  });

  test.each([
    ['absent', 'nowhere', /can't be read \(ENOENT\)/],
    ['public', 'user.pub', /holds a public key/],
    ['garbage', 'garbage', /not a private key/],
    ['protected', 'protected', /protected by a passphrase/],
  ])('a key file that is %s', async (_name, name, message) => {
    const result = await run({ EASYPANEL_SSH_KEY_FILE: file(name) });
    expect(result.error?.code).toBe('SSH_KEY_UNREADABLE');
    expect(result.error?.message).toMatch(message);
  });

  test('a protected key opens with its passphrase, and a wrong one is told without repeating it', async () => {
    const changes = { EASYPANEL_SSH_KEY_FILE: file('protected') };
    expect(await run(changes, { keyPassphrase: passphrase })).toMatchObject({ ok: true });
    const wrong = await run(changes, { keyPassphrase: 'planted-wrong-passphrase' });
    expect(wrong.error?.message).toMatch(/passphrase does not open/);
    expect(JSON.stringify(wrong)).not.toContain('planted');
  });

  test('a password, asked for in either way, and a wrong one', async () => {
    const byPassword = (password: string) =>
      run({ EASYPANEL_SSH_KEY_FILE: '', EASYPANEL_SSH_PASSWORD: password });
    try {
      passwords.direct = 'planted-ssh-password';
      expect(await byPassword('planted-ssh-password')).toMatchObject({ ok: true });
      Object.assign(passwords, { direct: '', asked: 'planted-ssh-password' });
      expect(await byPassword('planted-ssh-password')).toMatchObject({ ok: true });
      const wrong = await byPassword('another-password');
      expect(wrong).toMatchObject({ ok: false, error: { code: 'SSH_AUTH_FAILED' } });
      expect(JSON.stringify(wrong)).not.toContain('another-password');
    } finally {
      Object.assign(passwords, { direct: '', asked: '' });
    }
  });

  test('neither key file nor agent', async () => {
    const result = await run({ EASYPANEL_SSH_KEY_FILE: '' });
    expect(result.error?.code).toBe('SETTING_MISSING');
  });

  test('a closed port, a name that does not exist, a server that is no SSH server', async () => {
    const other = createServer((socket) =>
      socket
        .on('error', () => {})
        .resume()
        .end('HTTP/1.1 400 Bad Request\r\n\r\n'),
    ).listen(0, '127.0.0.1');
    await once(other, 'listening');
    const otherPort = String(z.object({ port: z.number() }).parse(other.address()).port);
    expect((await run({ EASYPANEL_SSH_PORT: otherPort })).error?.code).toBe('SSH_FAILED');
    other.close();
    await once(other, 'close');
    expect((await run({ EASYPANEL_SSH_PORT: otherPort })).error?.code).toBe('CONNECTION_REFUSED');
    expect((await run({ EASYPANEL_SSH_HOST: 'no-such-host.invalid' })).error?.code).toBe('HOST_NOT_FOUND');
  });

  test('an aborted test rejects at once', async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const silentPort = String(z.object({ port: z.number() }).parse(silent.address()).port);
    const controller = new AbortController();
    const tested = sshTester({ keyPassphrase: undefined, agent: undefined })(
      settings({ EASYPANEL_SSH_PORT: silentPort }),
      controller.signal,
    );
    controller.abort();
    await expect(tested).rejects.toMatchObject({ code: 'CANCELLED' });
    silent.close();
  });
});
