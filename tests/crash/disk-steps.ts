import { appendFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { defineStep, type AnyStep, type RunContext } from '#core/engine/step';
import { AppError } from '#shared/model/errors';
import type { Evidence, Lane } from '#shared/model/run';

/**
 * Steps with a real effect on a folder: each row of a table is a line of a file, each object is a file. They behave as
 * steps on a database must: a unit that began before is made empty and done again.
 */
export interface DiskPorts {
  /** Where the effects go. */
  readonly target: string;
  /** Milliseconds that each piece of work takes. */
  readonly pace: number;
  readonly behaviour: Behaviour;
  close(): Promise<void>;
}

export interface Behaviour {
  /** A check finds a conflict. */
  conflict?: boolean;
  /** This unit of the data step fails. */
  failing?: string;
  /** The data step does not heed the signal and works on for this long. */
  deaf?: number;
  /** Verification finds a difference. */
  differs?: boolean;
}

const tables = ['customers', 'orders', 'order_items', 'payments', 'reviews', 'tags'];
const rowsPerTable = 5;
const buckets = ['uploads', 'avatars', 'exports'];
const objectsPerBucket = 4;

const namesSchema = z.object({ names: z.array(z.string()) });
const countSchema = z.object({ rows: z.number() });
const nothingSchema = z.object({});

const unitPlans = (names: readonly string[], total: number, unit: string) =>
  names.map((name) => ({ id: name, label: name, expected: { done: 0, total, unit } }));

const describePlan = (names: readonly string[], total: number, unit: string) => ({
  summary: `Writes ${names.length} files.`,
  details: [],
  warnings: [],
  units: unitPlans(names, total, unit),
});

async function linesOf(path: string): Promise<string[]> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return text.split('\n').filter((line) => line !== '');
}

async function compareFile(target: string, name: string, expected: readonly string[]): Promise<Evidence> {
  const found = await linesOf(join(target, name));
  return {
    subject: name,
    method: 'lines',
    source: expected.join(','),
    target: found.join(','),
    equal: expected.join(',') === found.join(','),
  };
}

const rowsOf = (table: string): string[] =>
  Array.from({ length: rowsPerTable }, (_, row) => `${table} ${row}`);

/** The work of one table: not idempotent by itself, so a second attempt has to empty the file first. */
async function copyTable(context: RunContext<DiskPorts>, table: string): Promise<void> {
  const { target, pace, behaviour } = context.ports;
  await context.unit(table, countSchema, async ({ begunBefore, signal }) => {
    const file = join(target, table);
    if (begunBefore) await writeFile(file, '');
    for (const [index, row] of rowsOf(table).entries()) {
      if (behaviour.deaf === undefined) await sleep(pace, undefined, { signal });
      else await sleep(behaviour.deaf);
      if (behaviour.failing === table && index === 2) throw new Error(`The copy of ${table} broke.`);
      await appendFile(file, `${row}\n`);
      context.progress({ done: index + 1, total: rowsPerTable, unit: 'rows' }, table);
    }
    return { rows: rowsPerTable };
  });
}

const schemaStep = defineStep<DiskPorts, { names: string[] }, object>({
  id: 'schema',
  version: 1,
  title: 'Schema',
  lane: 'database',
  needs: [],
  effect: 'create',
  planSchema: namesSchema,
  outputSchema: nothingSchema,
  plan: () => Promise.resolve({ names: tables }),
  describe: () => describePlan(['create'], 1, 'entries'),
  check: () => Promise.resolve({ state: 'pending' }),
  async run({ names }, context) {
    await context.unit('create', nothingSchema, async () => {
      await mkdir(context.ports.target, { recursive: true });
      await writeFile(join(context.ports.target, 'schema'), names.map((name) => `${name}\n`).join(''));
      return {};
    });
    return {};
  },
  verify: async ({ names }, _output, { ports }) => [await compareFile(ports.target, 'schema', names)],
});

const dataStep = defineStep<DiskPorts, { names: string[] }, { rows: number }>({
  id: 'data',
  version: 1,
  title: 'Data',
  lane: 'database',
  needs: ['schema'],
  effect: 'overwrite',
  planSchema: namesSchema,
  outputSchema: countSchema,
  plan: () => Promise.resolve({ names: tables }),
  describe: ({ names }) => describePlan(names, rowsPerTable, 'rows'),
  check(_plan, { ports }) {
    if (ports.behaviour.conflict !== true) return Promise.resolve({ state: 'pending' });
    return Promise.resolve({
      state: 'conflict',
      error: new AppError('TARGET_NOT_EMPTY', 'The target holds tables.', { hint: 'Empty it.' }),
    });
  },
  async run({ names }, context) {
    // Three tables at a time.
    const queue = [...names];
    await Promise.all(
      [0, 1, 2].map(async () => {
        for (let table = queue.shift(); table !== undefined; table = queue.shift())
          await copyTable(context, table);
      }),
    );
    // The first table changes under the copy, so it is copied again; once, whatever happens meanwhile.
    const again = join(context.ports.target, 'recopied');
    if (context.finished('recopy', nothingSchema) === undefined) {
      await context.unit('note', nothingSchema, async () => {
        await writeFile(again, 'customers\n');
        return {};
      });
      await context.reset('customers', 'The table changed during the copy.');
      await copyTable(context, 'customers');
      await context.unit('recopy', nothingSchema, () => Promise.resolve({}));
    }
    await context.warn({ code: 'TABLE_COPIED_TWICE', message: 'customers was copied twice.' });
    return { rows: names.length * rowsPerTable };
  },
  verify: async ({ names }, output, { ports }) => [
    ...(await Promise.all(names.map((name) => compareFile(ports.target, name, rowsOf(name))))),
    {
      subject: 'rows',
      method: 'count',
      source: String(names.length * rowsPerTable),
      target: String(output.rows),
      equal: output.rows === names.length * rowsPerTable && ports.behaviour.differs !== true,
    },
  ],
});

const objectsStep = defineStep<DiskPorts, { names: string[] }, { rows: number }>({
  id: 'objects',
  version: 1,
  title: 'Objects',
  lane: 'objects',
  needs: [],
  effect: 'create',
  planSchema: namesSchema,
  outputSchema: countSchema,
  plan: () => Promise.resolve({ names: buckets }),
  describe: ({ names }) => describePlan(names, objectsPerBucket, 'objects'),
  check: () => Promise.resolve({ state: 'pending' }),
  async run({ names }, context) {
    const { target, pace } = context.ports;
    context.log('info', `Copying ${names.length} buckets.`);
    await Promise.all(
      names.map((bucket) =>
        context.unit(bucket, countSchema, async ({ signal }) => {
          for (let index = 0; index < objectsPerBucket; index++) {
            await sleep(pace, undefined, { signal });
            await mkdir(join(target, bucket), { recursive: true });
            await writeFile(join(target, bucket, String(index)), `${bucket} ${index}\n`);
            context.progress({ done: index + 1, total: objectsPerBucket, unit: 'objects' }, bucket);
          }
          return { rows: objectsPerBucket };
        }),
      ),
    );
    return { rows: names.length * objectsPerBucket };
  },
  verify: ({ names }, _output, { ports }) =>
    Promise.all(
      names.map(async (bucket): Promise<Evidence> => {
        const found = await readdir(join(ports.target, bucket));
        const equal = found.length === objectsPerBucket;
        return { subject: bucket, method: 'count', source: '4', target: String(found.length), equal };
      }),
    ),
});

const usersStep = defineStep<DiskPorts, { names: string[] }, { rows: number }>({
  id: 'users',
  version: 1,
  title: 'Users',
  lane: 'users',
  needs: ['data'],
  effect: 'create',
  planSchema: namesSchema,
  outputSchema: countSchema,
  plan: () => Promise.resolve({ names: ['ada', 'grace'] }),
  describe: ({ names }) => describePlan(['accounts'], names.length, 'users'),
  check: () => Promise.resolve({ state: 'pending' }),
  async run({ names }, context) {
    const data = context.outputOf('data', countSchema);
    await context.unit('accounts', nothingSchema, async () => {
      await sleep(context.ports.pace, undefined, { signal: context.signal });
      await writeFile(join(context.ports.target, 'users'), names.map((name) => `${name}\n`).join(''));
      return {};
    });
    return { rows: names.length + (data === undefined ? 100 : 0) };
  },
  verify: async ({ names }, output, { ports }) => [
    await compareFile(ports.target, 'users', names),
    {
      subject: 'accounts',
      method: 'count',
      source: '2',
      target: String(output.rows),
      equal: output.rows === 2,
    },
  ],
});

/** The steps of the chosen lanes. */
export function diskSteps(only: readonly Lane[]): AnyStep<DiskPorts>[] {
  return [objectsStep, schemaStep, dataStep, usersStep].filter((step) => only.includes(step.lane));
}

/** Everything that the steps wrote, by file. */
export async function diskState(target: string): Promise<Record<string, string>> {
  const entries = await readdir(target, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const pairs = await Promise.all(
    files
      .sort()
      .map(async (file): Promise<[string, string]> => [
        file.slice(target.length + 1),
        await readFile(file, 'utf8'),
      ]),
  );
  return Object.fromEntries(pairs);
}
