import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { hash } from 'bcryptjs';
import { request } from 'undici';
import { stringify } from 'yaml';
import { accepts, freePort, startProgram } from './program';

export interface ImageRegistry {
  /** Host and port, as images name it. */
  name: string;
  /** What a Docker client's configuration holds of a login with this password. */
  login(password: string): string;
  /** Puts an image there that is one file of so many megabytes: a small download that takes as much of a disk. */
  pushLarge(repository: string, tag: string, megabytes: number): Promise<void>;
  stop(): Promise<void>;
}

const user = 'shop';
export const registryPassword = 'right password';

/** A registry that wants a login, on loopback. Needs docker-registry of Debian. */
export async function startImageRegistry(): Promise<ImageRegistry> {
  const folder = await mkdtemp(path.join(tmpdir(), 'cutover-registry-'));
  const port = await freePort();
  const name = `127.0.0.1:${port}`;
  const users = path.join(folder, 'htpasswd');
  await writeFile(users, `${user}:${await hash(registryPassword, 4)}\n`);
  const configuration = path.join(folder, 'config.yml');
  await writeFile(
    configuration,
    stringify({
      version: '0.1',
      storage: { filesystem: { rootdirectory: path.join(folder, 'images') } },
      http: { addr: name },
      auth: { htpasswd: { realm: 'shop', path: users } },
    }),
  );
  const program = await startProgram('docker-registry', ['serve', configuration], {
    ready: () => accepts(port),
  });
  return {
    name,
    login: (password) =>
      JSON.stringify({ auths: { [name]: { auth: Buffer.from(`${user}:${password}`).toString('base64') } } }),
    pushLarge: (repository, tag, megabytes) => pushLarge(name, repository, tag, megabytes),
    stop: async () => {
      await program.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function pushLarge(
  registry: string,
  repository: string,
  tag: string,
  megabytes: number,
): Promise<void> {
  const authorization = `Basic ${Buffer.from(`${user}:${registryPassword}`).toString('base64')}`;
  const send = async (method: 'POST' | 'PUT', url: string, type: string, body: Buffer | string) => {
    const answer = await request(new URL(url, `http://${registry}`), {
      method,
      headers: { authorization, 'content-type': type },
      body,
    });
    const text = await answer.body.text();
    if (answer.statusCode > 299) throw new Error(`${method} ${url}: ${answer.statusCode} ${text}`);
    return answer.headers['location'];
  };
  const blob = async (mediaType: string, content: Buffer) => {
    const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
    const at = await send('POST', `/v2/${repository}/blobs/uploads/`, 'application/octet-stream', '');
    if (typeof at !== 'string') throw new Error('The registry names no place for the upload.');
    const place = new URL(at, `http://${registry}`);
    place.searchParams.set('digest', digest);
    await send('PUT', place.href, 'application/octet-stream', content);
    return { mediaType, size: content.length, digest };
  };
  // A compressed stream may consist of many, so one megabyte is compressed once.
  const parts: { content: Buffer; times: number }[] = [
    { content: tarHeader('filler', megabytes * 1024 ** 2), times: 1 },
    { content: Buffer.alloc(1024 ** 2), times: megabytes },
    { content: Buffer.alloc(1024), times: 1 },
  ];
  const plain = createHash('sha256');
  const packed: Buffer[] = [];
  for (const { content, times } of parts) {
    const compressed = gzipSync(content);
    for (let time = 0; time < times; time += 1) {
      plain.update(content);
      packed.push(compressed);
    }
  }
  const vendor = 'application/vnd.docker';
  const layer = await blob(`${vendor}.image.rootfs.diff.tar.gzip`, Buffer.concat(packed));
  const configuration = {
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    os: 'linux',
    config: {},
    rootfs: { type: 'layers', diff_ids: [`sha256:${plain.digest('hex')}`] },
  };
  const config = await blob(`${vendor}.container.image.v1+json`, Buffer.from(JSON.stringify(configuration)));
  const mediaType = `${vendor}.distribution.manifest.v2+json`;
  const manifest = { schemaVersion: 2, mediaType, config, layers: [layer] };
  await send('PUT', `/v2/${repository}/manifests/${tag}`, mediaType, JSON.stringify(manifest));
}

/** The head of one file in a tar archive. */
function tarHeader(name: string, size: number): Buffer {
  const header = Buffer.alloc(512);
  const octal = (value: number, digits: number) => `${value.toString(8).padStart(digits, '0')}\0`;
  header.write(name, 0);
  header.write(octal(0o644, 7), 100);
  header.write(octal(0, 7) + octal(0, 7) + octal(size, 11) + octal(0, 11), 108);
  header.write('        0', 148);
  header.write('ustar\x0000', 257);
  header.write(
    `${octal(
      header.reduce((sum, byte) => sum + byte, 0),
      6,
    )} `,
    148,
  );
  return header;
}
