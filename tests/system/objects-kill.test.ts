import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { afterEach, expect, test } from 'vitest';
import { fill, startTwoStores, type TwoStores } from '../integration/objects-harness';
import { finished, spawnCli, type CliResult } from '../support/cli';
import { contents, openUploads } from '../support/s3-contents';
import { putInParts } from '../support/s3-parts';
import { startFaultProxy, faults } from './fault-proxy';

const mib = 1024 * 1024;
const kills = Number(process.env['CUTOVER_KILLS'] ?? '24');
/** About a quarter of the requests that the target gets in a run, so that a migration is killed several times. */
const requestsBeforeKill = 220;
/** The moment of a kill lies anywhere between requests. */
const longestDelayMs = 30;

let closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing) await close();
  closing = [];
});

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'cutover-objects-'));
  closing.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Small objects in several ranges, streamed ones, and some that were written in parts. */
async function fillSource(client: S3Client): Promise<void> {
  await fill(
    client,
    'uploads',
    Array.from({ length: 420 }, (_unused, index) => `f/${String(index).padStart(4, '0')}`),
  );
  for (let index = 0; index < 6; index += 1) {
    const Bucket = 'uploads';
    const Metadata = { number: String(index) };
    await client.send(
      new PutObjectCommand({ Bucket, Key: `streamed/${index}`, Body: randomBytes(2 * mib), Metadata }),
    );
    const bodies = [5 * mib, 5 * mib, mib].map((size) => randomBytes(size));
    await putInParts(client, { Bucket, Key: `parts/${index}` }, Metadata, bodies);
  }
}

interface Attempt {
  result: Promise<CliResult>;
  kill: () => void;
}

function attempt(stores: TwoStores, workspace: string, ...args: string[]): Attempt {
  const child = spawnCli([...args, '--json', '--workspace', workspace], stores.values);
  return { result: finished(child), kill: () => void child.kill('SIGKILL') };
}

test(
  `equal sides and no open upload after ${kills} kills at random moments`,
  { timeout: 1_800_000 },
  async () => {
    let countdown = Number.POSITIVE_INFINITY;
    let onZero = (): void => undefined;
    const begin = async (): Promise<TwoStores> => {
      const stores = await startTwoStores({
        faults: {
          target: () => {
            countdown -= 1;
            if (countdown === 0) setTimeout(() => onZero(), Math.random() * longestDelayMs);
            return undefined;
          },
        },
      });
      closing.push(() => stores.close());
      await fillSource(stores.clients.source);
      return stores;
    };
    let killed = 0;
    while (killed < kills) {
      const stores = await begin();
      const workspace = path.join(await temporaryFolder(), 'workspace');
      for (let ended = false; !ended;) {
        const [run] = await readdir(path.join(workspace, 'runs')).catch((): string[] => []);
        const args = run === undefined ? ['--only', 'objects'] : ['--resume', run];
        const current = attempt(stores, workspace, 'run', '--yes', ...args);
        onZero = current.kill;
        countdown = killed < kills ? Math.ceil(Math.random() * requestsBeforeKill) : Number.POSITIVE_INFINITY;
        const { code, signal, stdout, stderr } = await current.result;
        if (signal === 'SIGKILL') killed += 1;
        else {
          expect(code, stdout.slice(-1500) + stderr).toBe(0);
          ended = true;
        }
      }
      countdown = Number.POSITIVE_INFINITY;
      expect(await contents(stores.clients.target, 'new-')).toEqual(await contents(stores.clients.source));
      expect(await openUploads(stores.clients.target)).toEqual([]);
    }
  },
);

test('equal sides through proxies that damage, delay and refuse; a flipped byte is found', async () => {
  const stores = await startTwoStores();
  closing.push(() => stores.close());
  await fillSource(stores.clients.source);
  const near = await startFaultProxy(stores.source.endpoint, 0.08);
  const far = await startFaultProxy(stores.target.endpoint, 0.08);
  closing.push(near.close, far.close);
  const troubled = {
    ...stores,
    values: { ...stores.values, SOURCE_S3_ENDPOINT: near.endpoint, R2_ENDPOINT: far.endpoint },
  };
  const workspace = path.join(await temporaryFolder(), 'workspace');
  let result = await attempt(troubled, workspace, 'run', '--yes', '--only', 'objects').result;
  // An object with more bad luck than there are tries ends in the list of those to be taken again.
  for (let again = 0; again < 5 && result.code === 1; again += 1) {
    const [run = ''] = await readdir(path.join(workspace, 'runs'));
    result = await attempt(troubled, workspace, 'run', '--yes', '--resume', run).result;
  }
  expect(result.code, result.stdout.slice(-1500) + result.stderr).toBe(0);
  for (const fault of faults) expect(near.injected.get(fault), String(fault)).toBeGreaterThan(0);
  expect(await contents(stores.clients.target, 'new-')).toEqual(await contents(stores.clients.source));
  expect(await openUploads(stores.clients.target)).toEqual([]);

  const Body = Buffer.from('content of f/0123');
  Body.writeUInt8(Body.readUInt8(3) ^ 1, 3);
  await stores.clients.target.send(new PutObjectCommand({ Bucket: 'new-uploads', Key: 'f/0123', Body }));
  const verified = await attempt(stores, workspace, 'objects', 'verify').result;
  expect(verified.code).toBe(4);
  expect(verified.stdout).toContain('f/0123');
});
