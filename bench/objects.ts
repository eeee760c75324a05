/**
 * `npm run bench -- objects [--rounds N] [--only TEXT] [--against TEXT]`: objects from one store to another on loopback, by Cutover and by rclone, default and
 * tuned, one after another in one run. Needs rclone. Cutover's figures are those of whole commands: with its journal, its retries and the
 * verification of every object afterwards.
 */
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { measure, type Measured } from './database/measure';
import { datasets, sizeOf, type DatasetName, type Kind } from './objects/dataset';
import { keys } from './objects/keys';
import { copySeconds } from './objects/phases';
import { startNullStore, startStore, type StoreProcess } from './objects/processes';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    null: { type: 'string', default: '20000' },
    only: { type: 'string', default: '' },
    against: { type: 'string', default: 'rclone' },
  },
  allowPositionals: true,
});
const nullObjects = Number(values.null);
const nullBytes = 16 * 1024;

interface Task {
  readonly name: string;
  readonly objects: number;
  readonly bytes: number;
  /** Both sides, fresh for each run where the runs write. */
  start(): Promise<{ source: StoreProcess; target: StoreProcess }>;
  /** Arguments of Cutover, and of rclone before its remotes. */
  readonly cutover: string;
  readonly rclone: readonly { name: string; args: string }[];
}

const tuned = '--transfers 32 --checkers 32 --fast-list';
const copies = [
  { name: 'rclone', args: 'copy' },
  { name: 'rclone, tuned', args: `copy ${tuned}` },
];
const started = async (source: Promise<StoreProcess>, target: Promise<StoreProcess>) => ({
  source: await source,
  target: await target,
});
const copying = (name: string, dataset: DatasetName): Task => {
  const kinds: readonly Kind[] = datasets[dataset];
  const sum = (pick: (kind: Kind) => number): number => kinds.reduce((total, kind) => total + pick(kind), 0);
  return {
    name,
    objects: sum(({ count }) => count),
    bytes: sum((kind) =>
      Array.from({ length: kind.count }, (_unused, index) => sizeOf(kind, index)).reduce((a, b) => a + b, 0),
    ),
    start: () => started(startStore('minio', dataset), startStore('r2', 'nothing')),
    cutover: 'run --only objects',
    rclone: copies,
  };
};

const tasks: readonly Task[] = [
  copying('whole set', 'whole'),
  copying('large objects', 'large'),
  {
    name: 'null sink',
    objects: nullObjects,
    bytes: nullObjects * nullBytes,
    start: () =>
      started(
        startNullStore('source', nullObjects, nullBytes),
        startNullStore('sink', nullObjects, nullBytes),
      ),
    cutover: 'run --only objects',
    rclone: copies,
  },
  {
    name: 're-sync',
    objects: 100_000,
    bytes: 0,
    start: () => started(startStore('minio', 'keys'), startStore('r2', 'keys')),
    cutover: 'objects sync',
    rclone: [
      { name: 'rclone', args: 'sync' },
      { name: 'rclone, tuned', args: `sync ${tuned}` },
      { name: 'rclone, tuned, by checksum', args: `sync ${tuned} --checksum` },
    ],
  },
];

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
const scratch = await mkdtemp(path.join(tmpdir(), 'cutover-bench-'));
let workspaces = 0;

function cutover(args: string, source: string, target: string): Promise<Measured> {
  workspaces += 1;
  const workspace = path.join(scratch, `workspace${workspaces}`);
  return measure(
    `${quoted(process.execPath)} -- bin/cutover.mjs ${args} --yes --json --workspace ${quoted(workspace)}`,
    {
      CUTOVER_HOME: path.join(scratch, 'home'),
      SOURCE_S3_ENDPOINT: source,
      SOURCE_S3_ACCESS_KEY_ID: keys.accessKeyId,
      SOURCE_S3_SECRET_ACCESS_KEY: keys.secretAccessKey,
      R2_ENDPOINT: target,
      R2_ACCESS_KEY_ID: keys.accessKeyId,
      R2_SECRET_ACCESS_KEY: keys.secretAccessKey,
    },
  );
}

function rclone(args: string, source: string, target: string): Promise<Measured> {
  const remote = (name: string, provider: string, endpoint: string): Record<string, string> => ({
    [`RCLONE_CONFIG_${name}_TYPE`]: 's3',
    [`RCLONE_CONFIG_${name}_PROVIDER`]: provider,
    [`RCLONE_CONFIG_${name}_ENDPOINT`]: endpoint,
    [`RCLONE_CONFIG_${name}_ACCESS_KEY_ID`]: keys.accessKeyId,
    [`RCLONE_CONFIG_${name}_SECRET_ACCESS_KEY`]: keys.secretAccessKey,
  });
  return measure(`rclone --config /dev/null ${args} old: new:`, {
    // It takes no certificates of the machine's own, and loopback needs none.
    AWS_CA_BUNDLE: '',
    ...remote('OLD', 'Minio', source),
    ...remote('NEW', 'Cloudflare', target),
  });
}

interface Result {
  readonly name: string;
  readonly measured: Measured;
  /** Seconds of the copying alone, where a journal tells. */
  readonly copying?: number | undefined;
}

async function once(task: Task, run: (source: string, target: string) => Promise<Measured>) {
  const { source, target } = await task.start();
  try {
    return await run(source.endpoint, target.endpoint);
  } finally {
    source.stop();
    target.stop();
  }
}

const median = (results: readonly Result[]): Result | undefined =>
  results.toSorted((a, b) => a.measured.seconds - b.measured.seconds)[Math.floor((results.length - 1) / 2)];

try {
  execFileSync(process.execPath, ['scripts/prepare.mjs', 'build'], { stdio: 'inherit' });
  for (const task of tasks.filter(({ name }) => name.includes(values.only))) {
    const contenders = [
      {
        name: 'Cutover',
        run: (source: string, target: string) => cutover(task.cutover, source, target),
      },
      ...task.rclone
        .filter(({ name }) => name.includes(values.against))
        .map(({ name, args }) => ({
          name,
          run: (source: string, target: string) => rclone(args, source, target),
        })),
    ];
    const results = new Map<string, Result[]>();
    // In turn, so that a machine that becomes slower does so for all.
    for (let round = 0; round < Number(values.rounds); round += 1) {
      for (const { name, run } of contenders) {
        const measured = await once(task, run);
        const result = { name, measured, copying: copySeconds(measured.output) };
        results.set(name, [...(results.get(name) ?? []), result]);
        console.error(
          `${task.name}, ${name}: ${measured.seconds.toFixed(1)} s, ${measured.cpu.toFixed(1)} s of CPU`,
        );
      }
    }
    console.log(`\n${task.name}: ${task.objects} objects, ${(task.bytes / 1e6).toFixed(0)} MB`);
    console.log(
      '| | seconds | objects/s | MB/s | CPU s | peak MB | times Cutover’s |\n| --- | --- | --- | --- | --- | --- | --- |',
    );
    const own = median(results.get('Cutover') ?? [])?.measured.seconds ?? Number.NaN;
    const row = (name: string, seconds: number, { cpu, megabytes }: Measured): void => {
      const rates = [task.objects / seconds, task.bytes / 1e6 / seconds].map((rate) => rate.toFixed(0));
      console.log(
        `| ${name} | ${seconds.toFixed(2)} | ${rates.join(' | ')} | ${cpu.toFixed(1)} | ${megabytes.toFixed(0)} | ${(seconds / own).toFixed(2)} |`,
      );
    };
    for (const { name } of contenders) {
      const middle = median(results.get(name) ?? []);
      if (middle === undefined) continue;
      row(name, middle.measured.seconds, middle.measured);
      if (middle.copying !== undefined) row(`${name}, the copying of it`, middle.copying, middle.measured);
    }
  }
} finally {
  await rm(scratch, { recursive: true, force: true });
}
