import { Client } from 'pg';
import type { z } from 'zod';
import { openDatabasePorts } from '#core/adapters/postgres/open';
import type { AnyStep, RunContext } from '#core/engine/step';
import type { DatabasePorts } from '#core/ports/database';
import type { Settings } from '#core/ports/settings';
import { AppError } from '#shared/model/errors';
import type { Evidence, Warning } from '#shared/model/run';
import type { SettingName } from '#shared/model/settings';
import { startEmbeddedServer, type EmbeddedServer } from '../../practice/postgres/embedded-server';

/** Settings from a plain object. */
export function settingsOf(values: Partial<Record<SettingName, string>>): Settings {
  return {
    get: (name) => values[name],
    require(name) {
      const value = values[name];
      if (value === undefined) throw new AppError('SETTING_MISSING', `${name} is not set.`);
      return value;
    },
    redact: (text) => text,
  };
}

/** Runs statements as whoever the URL names. */
export async function sql(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const result = await client.query<Record<string, unknown>>(text);
    return Array.isArray(result) ? [] : result.rows;
  } finally {
    await client.end();
  }
}

/** A source and a target server, as most tests want them. `settings`: of the source. */
export async function startServers(
  settings: Record<string, string> = {},
): Promise<{ old: EmbeddedServer; fresh: EmbeddedServer; stop: () => Promise<unknown> }> {
  const [old, fresh] = await Promise.all([
    startEmbeddedServer({ version: 15, superuser: 'postgres', settings }),
    startEmbeddedServer({ version: 17, superuser: 'postgres' }),
  ]);
  return { old, fresh, stop: () => Promise.all([old.stop(), fresh.stop()]) };
}

let counter = 0;

/** A new database owned by a new role that is no superuser. `encoding`: another one than UTF-8. */
export async function newDatabase(
  server: EmbeddedServer,
  encoding?: 'LATIN1' | 'SQL_ASCII',
): Promise<{ url: string; adminUrl: string; name: string }> {
  counter += 1;
  const name = `app${process.pid}_${counter}`;
  await sql(server.superuserUrl('postgres'), `create role ${name} login password 'only-for-this-test'`);
  const other = encoding === undefined ? '' : ` encoding '${encoding}' locale 'C' template template0`;
  await sql(server.superuserUrl('postgres'), `create database ${name} owner ${name}${other}`);
  return { name, url: server.url(name, 'only-for-this-test', name), adminUrl: server.superuserUrl(name) };
}

/** Both databases as steps reach them. */
export function databasePorts(sourceUrl: string, targetUrl: string): { database: DatabasePorts } {
  return {
    database: openDatabasePorts(settingsOf({ SOURCE_DATABASE_URL: sourceUrl, SUPABASE_DB_URL: targetUrl })),
  };
}

/** What an engine remembers of one step, kept in memory: enough to run it, break it and resume it. */
export class MemoryStep<Ports> {
  readonly begun = new Set<string>();
  readonly done = new Map<string, string>();
  readonly resets: string[] = [];
  readonly warnings: Warning[] = [];
  /** Throws where a test wants the run to break, before the end of a unit is noted. */
  beforeEnd: (unit: string) => void | Promise<void> = () => undefined;
  output: unknown;
  /** The other steps of the run, whose outputs this one may ask for. */
  others: readonly MemoryStep<Ports>[] = [];
  #started = false;

  constructor(
    readonly step: AnyStep<Ports>,
    readonly ports: Ports,
    readonly signal: AbortSignal = new AbortController().signal,
  ) {}

  /** Runs the step, or resumes it when it was run before. */
  async run(plan: unknown): Promise<unknown> {
    const resumed = this.#started;
    this.#started = true;
    const context: RunContext<Ports> = {
      ...this.#read(),
      resumed,
      unit: async (id, schema, body) => {
        const known = this.done.get(id);
        if (known !== undefined) return schema.parse(JSON.parse(known));
        this.signal.throwIfAborted();
        const begunBefore = this.begun.has(id);
        this.begun.add(id);
        const output = await body({ begunBefore, signal: this.signal });
        await this.beforeEnd(id);
        this.done.set(id, JSON.stringify(output));
        return output;
      },
      finished: (id, schema) => {
        const known = this.done.get(id);
        return known === undefined ? undefined : schema.parse(JSON.parse(known));
      },
      reset: (id, reason) => {
        this.done.delete(id);
        this.resets.push(`${id}: ${reason}`);
        return Promise.resolve();
      },
      warn: (warning) => {
        this.warnings.push(warning);
        return Promise.resolve();
      },
    };
    this.output = JSON.parse(JSON.stringify(await this.step.run(plan, context)));
    return this.output;
  }

  plan(): Promise<unknown> {
    return this.step.plan(this.#read());
  }

  check(plan: unknown) {
    return this.step.check(plan, this.#read());
  }

  verify(plan: unknown): Promise<Evidence[]> {
    return this.step.verify(plan, this.output, this.#read());
  }

  #read() {
    return {
      ports: this.ports,
      signal: this.signal,
      log: () => undefined,
      progress: () => undefined,
      outputOf: <T>(step: string, schema: z.ZodType<T>) => {
        const other = this.others.find((item) => item.step.id === step);
        return other === undefined ? undefined : schema.parse(other.output);
      },
    };
  }
}
