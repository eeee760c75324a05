/**
 * `npm run bench -- database [--gigabytes N] [--rounds N]`: one generated database from PostgreSQL 15 to 17, by Cutover and by the tools in
 * use, one after another in one run. Needs psql, pg_dump and pg_restore; pgcopydb is measured where it is installed.
 */
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Client } from 'pg';
import { build } from 'vite';
import { z } from 'zod';
import { startEmbeddedServer } from '../practice/postgres/embedded-server';
import { fillSource, rowBytes } from './database/dataset';
import { measure, type Measured } from './database/measure';

const { values } = parseArgs({
  options: {
    gigabytes: { type: 'string', default: '1.5' },
    rounds: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
  },
  allowPositionals: true,
});

const gigabytes = Number(values.gigabytes);
const settings = { shared_buffers: '256MB', max_wal_size: '8GB', checkpoint_timeout: '30min' };
const [old, fresh] = await Promise.all([
  startEmbeddedServer({ version: 15, superuser: 'postgres', settings }),
  startEmbeddedServer({ version: 17, superuser: 'postgres', settings }),
]);
/** Where the bench's own program is built to, as the application is: none of the tools compiles itself while it is measured. */
const programs = 'node_modules/.cache/bench';
const scratch = await mkdtemp(path.join(tmpdir(), 'cutover-bench-'));

async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

function has(program: string): boolean {
  try {
    execFileSync('which', [program]);
    return true;
  } catch {
    return false;
  }
}

const source = old.superuserUrl('bench');
let targets = 0;
/** A new, empty database. */
async function newTarget(): Promise<string> {
  targets += 1;
  const name = `bench${targets}`;
  await withClient(fresh.superuserUrl('postgres'), async (client) => {
    if (targets > 1) await client.query(`drop database if exists bench${targets - 1} with (force)`);
    await client.query(`create database ${name}`);
    await client.query('checkpoint');
  });
  return fresh.superuserUrl(name);
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
// pg_dump 15 writes a setting that PostgreSQL 17 takes; the schema comes before and after the rows, as with Cutover.
const preData = (target: string): string =>
  `pg_dump --section=pre-data ${quoted(source)} | psql -qX -v ON_ERROR_STOP=1 ${quoted(target)} >/dev/null`;

interface Contender {
  readonly name: string;
  /** What it is compared with. */
  readonly kind: 'rows' | 'whole';
  run(target: string): Promise<Measured>;
}

const event = z.object({ type: z.string(), at: z.string(), step: z.string().optional() });

/** Seconds of a run's phases, from its journal. */
function phases(output: string): Record<string, number> {
  const events = output.split('\n').flatMap((line) => {
    if (!line.startsWith('{')) return [];
    const parsed = event.safeParse(JSON.parse(line));
    return parsed.success ? [parsed.data] : [];
  });
  const time = (type: string, step?: string): number =>
    Date.parse(
      events.findLast((item) => item.type === type && (step === undefined || item.step === step))?.at ?? '',
    );
  const between = (from: number, to: number): number => (to - from) / 1000;
  return {
    'rows, hashed on the source': between(
      time('step.started', 'database.data'),
      time('step.done', 'database.data'),
    ),
    'schema, rows, indexes': between(
      time('step.started', 'database.schema'),
      time('step.done', 'database.finish'),
    ),
    'verification of the target': between(
      time('step.done', 'database.finish'),
      Date.parse(events.at(-1)?.at ?? ''),
    ),
  };
}

const parallelCopy = (target: string): string => {
  const tables = `select format('%I', relname) from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace order by pg_table_size(oid) desc`;
  const one = `psql -qX ${quoted(source)} -c "copy {} to stdout (format binary)" | psql -qX ${quoted(target)} -c "copy {} from stdin (format binary)"`;
  return `psql -qXAt ${quoted(source)} -c ${quoted(tables)} | xargs -P 3 -I {} bash -c ${quoted(one)}`;
};

async function prepared(target: string): Promise<string> {
  await measure(preData(target));
  return target;
}

const contenders: Contender[] = [
  {
    name: 'Cutover, the rows alone',
    kind: 'rows',
    run: async (target) =>
      measure(`${quoted(process.execPath)} ${quoted(path.join(programs, 'copy-rows.js'))}`, {
        BENCH_SOURCE: source,
        BENCH_TARGET: await prepared(target),
      }),
  },
  {
    name: 'psql, binary COPY, three tables at a time',
    kind: 'rows',
    run: async (target) => measure(parallelCopy(await prepared(target))),
  },
  {
    name: 'pg_dump -Fc | pg_restore, the rows alone',
    kind: 'rows',
    run: async (target) =>
      measure(
        `pg_dump -Fc --data-only ${quoted(source)} | pg_restore --data-only -d ${quoted(await prepared(target))}`,
      ),
  },
  ...(has('pgcopydb')
    ? [
        {
          name: 'pgcopydb copy table-data, the rows alone',
          kind: 'rows' as const,
          run: async (target: string) => {
            const folder = quoted(path.join(scratch, 'pgcopydb-rows'));
            return measure(
              `rm -rf ${folder}; pgcopydb copy table-data --dir ${folder} --source ${quoted(source)} --target ${quoted(await prepared(target))}`,
            );
          },
        },
      ]
    : []),
  {
    name: 'Cutover, the whole job with proof',
    kind: 'whole',
    run: (target) =>
      measure(
        `${quoted(process.execPath)} -- bin/cutover.mjs run --yes --json --only database --workspace ${quoted(path.join(scratch, `workspace${targets}`))}`,
        {
          SOURCE_DATABASE_URL: source,
          SUPABASE_DB_URL: target,
          // Only the database is moved; the project's own address is asked for and never called.
          SUPABASE_URL: 'http://127.0.0.1:9',
          SUPABASE_SECRET_KEY: 'sb_secret_bench',
          CUTOVER_HOME: path.join(scratch, 'home'),
        },
      ),
  },
  {
    name: 'pg_dump -Fc | pg_restore',
    kind: 'whole',
    run: (target) => measure(`pg_dump -Fc ${quoted(source)} | pg_restore -d ${quoted(target)}`),
  },
  {
    name: 'pg_dump -Fd -j2, then pg_restore -j2',
    kind: 'whole',
    run: (target) => {
      const folder = quoted(path.join(scratch, 'dump'));
      return measure(
        `rm -rf ${folder}; pg_dump -Fd -j2 -f ${folder} ${quoted(source)}; pg_restore -j2 -d ${quoted(target)} ${folder}`,
      );
    },
  },
  ...(has('pgcopydb')
    ? [
        {
          name: 'pgcopydb clone',
          kind: 'whole' as const,
          run: (target: string) =>
            measure(
              `rm -rf ${quoted(path.join(scratch, 'pgcopydb'))}; pgcopydb clone --dir ${quoted(path.join(scratch, 'pgcopydb'))} --no-acl --no-owner --source ${quoted(source)} --target ${quoted(target)}`,
            ),
        },
      ]
    : []),
];

try {
  await withClient(old.superuserUrl('postgres'), (client) => client.query('create database bench'));
  const bytes = await withClient(source, async (client) => {
    await fillSource(client, gigabytes * 2 ** 30);
    return rowBytes(client);
  });
  console.log(`${(bytes / 2 ** 30).toFixed(2)} GB of rows\n`);
  execFileSync(process.execPath, ['scripts/prepare.mjs', 'build'], { stdio: 'inherit' });
  await build({
    configFile: false,
    logLevel: 'warn',
    build: { ssr: 'bench/database/copy-rows.ts', target: 'node20', outDir: programs },
  });
  const chosen = contenders.filter(({ name }) => name.includes(values.only));
  const bests = new Map<Contender, Measured>();
  // Round by round, so that whatever gets faster or slower with time (caches, memory that the host has yet to give) does so for all.
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const contender of chosen) {
      const measured = await contender.run(await newTarget());
      console.log(`round ${round + 1}, ${contender.name}: ${measured.seconds.toFixed(1)} s`);
      if (measured.seconds < (bests.get(contender)?.seconds ?? Infinity)) bests.set(contender, measured);
    }
  }
  console.log();
  const results = [...bests].map(([contender, best]) => ({ contender, best }));
  for (const { contender, best } of results) {
    const { seconds, cpu, megabytes } = best;
    console.log(
      `${contender.name}: ${seconds.toFixed(1)} s, ${cpu.toFixed(1)} s of CPU, ${megabytes.toFixed(0)} MB`,
    );
    const part = /^of which .*$/m.exec(best.output)?.[0];
    if (part !== undefined) console.log(`  ${part}`);
    if (contender.name.includes('proof')) {
      for (const [phase, time] of Object.entries(phases(best.output)))
        console.log(`  ${phase}: ${time.toFixed(1)} s`);
    }
  }
  console.log('\n| | seconds | times Cutover’s | CPU s | MB |\n| --- | --- | --- | --- | --- |');
  for (const { contender, best } of results) {
    const own = results.find((item) => item.contender.kind === contender.kind)?.best.seconds ?? best.seconds;
    console.log(
      `| ${contender.name} | ${best.seconds.toFixed(1)} | ${(best.seconds / own).toFixed(2)} | ${best.cpu.toFixed(1)} | ${best.megabytes.toFixed(0)} |`,
    );
  }
} finally {
  await Promise.all([old.stop(), fresh.stop()]);
  await rm(scratch, { recursive: true, force: true });
}
