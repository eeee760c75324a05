import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startSshHost, type SshHost } from './ssh-host';
import { generateKeyPair } from './key-pair';

let folder: string;
let host: SshHost;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cutover-ssh-test-'));
  host = await startSshHost({ keyFile: join(folder, 'key') });
});

afterAll(async () => {
  await host.close();
  await rm(folder, { recursive: true });
});

async function run(
  command: string,
  privateKey: string,
  username = host.user,
): Promise<{ code: number; out: string; err: string; shown: string }> {
  const client = new ssh2.Client();
  let shown = '';
  try {
    const ready = once(client, 'ready');
    client.connect({
      host: host.host,
      port: host.port,
      username,
      privateKey,
      hostVerifier: (key: Buffer) => {
        shown = `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
        return true;
      },
    });
    await ready;
    return await new Promise((resolve, reject) => {
      client.exec(command, (error, channel) => {
        if (error) {
          reject(error);
          return;
        }
        let [out, err, code] = ['', '', -1];
        channel.on('data', (chunk: Buffer) => (out += chunk.toString()));
        channel.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
        channel.on('exit', (status: number) => (code = status));
        channel.on('close', () => {
          resolve({ code, out, err, shown });
        });
      });
    });
  } finally {
    client.end();
  }
}

it('lets the written key in, shows the announced host key, and says that it is a stand-in', async () => {
  const key = await readFile(host.keyFile, 'utf8');
  expect((await stat(host.keyFile)).mode & 0o777).toBe(0o600);
  const kernel = await run('uname -a', key);
  expect(kernel).toMatchObject({ code: 0, shown: host.fingerprint });
  expect(kernel.out).toContain('stand-in');
  const refused = await run('rm -rf /', key);
  expect(refused.code).toBe(127);
  expect(refused.err).toContain('stand-in');
});

it('refuses other keys and other users', async () => {
  const key = await readFile(host.keyFile, 'utf8');
  await expect(run('uname', generateKeyPair().private)).rejects.toThrow(/authentication methods failed/);
  await expect(run('uname', key, 'root')).rejects.toThrow(/authentication methods failed/);
});
