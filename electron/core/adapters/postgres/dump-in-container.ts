import { AppError } from '#shared/model/errors';
import { z } from 'zod';
import { sideTitle, type ConnectionConfig } from './connection-config';
import { argumentsFor, requireRecent, type NativeDump } from './dump-native';
import { dumpFailed } from './pg-dump-options';
import { connectClient, within, type Patience } from './client';

/** Containers of a host, in which commands can be run. */
export interface SourceContainers {
  /** Names of running containers with their images. */
  list(signal: AbortSignal): Promise<{ name: string; image: string }[]>;
  /** Runs a program in one of them; `input` goes to its standard input, and its output is whole. */
  run(
    container: string,
    words: readonly string[],
    input: string,
    signal: AbortSignal,
  ): Promise<{ code: number | null; stdout: string; stderr: string }>;
}

/** Images that hold a PostgreSQL server. */
const postgresImage = /(?:^|\/|-)(?:postgres|postgresql|postgis|timescaledb|pgvector|supabase)/i;

/** The password comes on standard input: a command line is shown to every user of the host. */
const withPassword = 'IFS= read -r PGPASSWORD && export PGPASSWORD && export LC_ALL=C && exec "$@"';

const identitySql =
  "select extract(epoch from pg_catalog.pg_postmaster_start_time()) || '/' || oid as identity from pg_catalog.pg_database where datname = current_database()";
const identityRow = z.object({ identity: z.string(), version: z.string() });

/** Which running server and which of its databases our own connection leads to. */
async function identityOf(
  config: ConnectionConfig,
  signal: AbortSignal,
  patience: Patience,
): Promise<z.infer<typeof identityRow>> {
  const client = await connectClient(config, signal);
  try {
    const { rows } = await within(client, patience.silence, () =>
      client.query(`select i.identity, current_setting('server_version') as version from (${identitySql}) i`),
    );
    return identityRow.parse(rows[0]);
  } finally {
    await within(client, patience.silence, () => client.end()).catch(() => undefined);
  }
}

/**
 * Runs the pg_dump of the container in which the server itself runs; proven by the time of the server's start. `name`: the container, when the
 * operator names it. Throws `SCHEMA_DUMP_FAILED`, and what reaching the host throws.
 */
export async function dumpInContainer(
  config: ConnectionConfig,
  containers: SourceContainers | undefined,
  name: string | undefined,
  signal: AbortSignal,
  patience: Patience,
): Promise<NativeDump> {
  if (containers === undefined) {
    throw new AppError('SCHEMA_DUMP_FAILED', 'No host is set whose containers could be looked at.', {
      hint: 'Enter the SSH access of the host in the connections.',
    });
  }
  if (/[\r\n]/.test(config.password)) {
    throw new AppError('SCHEMA_DUMP_FAILED', 'A password with a line break can’t be handed to a container.', {
      hint: 'Use another role for the migration.',
    });
  }
  const { identity, version } = await identityOf(config, signal, patience);
  const account = ['-U', config.user, '-d', config.database];
  const run = (container: string, words: readonly string[]) =>
    containers.run(container, ['sh', '-c', withPassword, 'sh', ...words], `${config.password}\n`, signal);
  const names =
    name === undefined
      ? (await containers.list(signal))
          .filter(({ image }) => postgresImage.test(image))
          .map((item) => item.name)
      : [name];
  for (const container of names) {
    const asked = await run(container, ['psql', '-XAtqw', ...account, '-c', identitySql]);
    if (asked.code !== 0 || asked.stdout.trim() !== identity) continue;
    const place = `in the container ${container}`;
    const recent = requireRecent((await run(container, ['pg_dump', '--version'])).stdout, version, place);
    const dumped = await run(container, ['pg_dump', ...argumentsFor(recent.major), ...account]);
    if (dumped.code !== 0) throw dumpFailed(config, dumped.stderr);
    return { text: dumped.stdout, program: `pg_dump ${recent.text} ${place}` };
  }
  throw new AppError(
    'SCHEMA_DUMP_FAILED',
    name === undefined
      ? `No container of the host is ${sideTitle[config.side]}.`
      : `The container ${name} is not ${sideTitle[config.side]}.`,
    { hint: 'Name the container in SOURCE_PG_DUMP, as docker ps shows it on that host.' },
  );
}
