import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { S3Client } from '@aws-sdk/client-s3';
import { z } from 'zod';

/** Where scripts/system-tools.sh puts programs that others wrote. */
export const toolsDir = resolve('node_modules/.cache/system-tools');

export interface ForeignStore {
  name: string;
  endpoint: string;
  accessKeyId: string;
  secretAccessKey: string;
  client: S3Client;
  close(): Promise<void>;
}

const credentials = { accessKeyId: 'cutover-test', secretAccessKey: 'cutover-test-secret' };

/** The region that a signature names has to be `region`. Versity's gateway over a file system: checks signatures and checksums; written in Go, by others. */
export async function startVersity(region: string): Promise<ForeignStore> {
  // Its keys are files with extended attributes, which a memory file system may not have.
  await mkdir(toolsDir, { recursive: true });
  const folder = await mkdtemp(join(toolsDir, 'versity-'));
  const port = await freePort();
  const child = spawn(
    join(toolsDir, 'bin', 'versitygw'),
    ['--port', `127.0.0.1:${port}`, '--region', region, 'posix', folder],
    {
      env: {
        PATH: process.env['PATH'] ?? '',
        ROOT_ACCESS_KEY: credentials.accessKeyId,
        ROOT_SECRET_KEY: credentials.secretAccessKey,
      },
      stdio: 'ignore',
    },
  );
  return started('versitygw', region, port, child, () => rm(folder, { recursive: true, force: true }));
}

/** The S3 of moto, a Python stand-in for AWS that the world's test suites run against; it keeps keys in a dictionary, and takes any signature. */
export async function startMoto(): Promise<ForeignStore> {
  const port = await freePort();
  const child = spawn(
    join(toolsDir, 'moto', 'bin', 'python'),
    ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)],
    { env: { PATH: process.env['PATH'] ?? '' }, stdio: 'ignore' },
  );
  return started('moto', 'us-east-1', port, child, () => Promise.resolve());
}

/** gofakes3, a stand-in written in Go that keeps any key in memory; it checks Content-MD5, and takes any signature. */
export async function startGofakes3(): Promise<ForeignStore> {
  const port = await freePort();
  const child = spawn(
    join(toolsDir, 'bin', 'gofakes3'),
    ['-backend', 'memory', '-host', `127.0.0.1:${port}`],
    { env: { PATH: process.env['PATH'] ?? '' }, stdio: 'ignore' },
  );
  return started('gofakes3', 'us-east-1', port, child, () => Promise.resolve());
}

async function started(
  name: string,
  region: string,
  port: number,
  child: ChildProcess,
  cleanUp: () => Promise<void>,
): Promise<ForeignStore> {
  const failed = new Promise<never>((_resolve, reject) => {
    child.once('error', (error) =>
      reject(new Error(`${name} does not start; scripts/system-tools.sh installs it.`, { cause: error })),
    );
    child.once('exit', (code) => reject(new Error(`${name} ended with ${code}.`)));
  });
  failed.catch(() => undefined);
  const endpoint = `http://127.0.0.1:${port}`;
  await Promise.race([failed, answering(endpoint)]);
  const client = new S3Client({
    endpoint,
    credentials,
    region,
    forcePathStyle: true,
    maxAttempts: 10,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
  return {
    name,
    endpoint,
    ...credentials,
    client,
    close: async () => {
      client.destroy();
      if (child.exitCode === null && child.signalCode === null) {
        const gone = once(child, 'exit');
        child.kill('SIGKILL');
        await gone;
      }
      await cleanUp();
    },
  };
}

async function answering(endpoint: string): Promise<void> {
  for (;;) {
    const answer = await fetch(endpoint).catch(() => undefined);
    if (answer !== undefined) {
      await answer.text();
      return;
    }
    await delay(100);
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = z.object({ port: z.number() }).parse(server.address());
  await new Promise((done) => server.close(done));
  return port;
}
