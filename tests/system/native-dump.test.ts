import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { parseConnectionUrl } from '#core/adapters/postgres/connection-config';
import { dumpInContainer } from '#core/adapters/postgres/dump-in-container';
import { dumpSchema } from '#core/adapters/postgres/dump-schema';
import { dumpFailed } from '#core/adapters/postgres/pg-dump-options';
import { usualPatience } from '#core/adapters/postgres/client';
import { openDatabasePorts } from '#core/adapters/postgres/open';
import { sourceContainers } from '#core/services/migration/source-containers';
import { databaseSchemaStep } from '#core/steps/database-schema/database-schema-step';
import type { SettingName } from '#shared/model/settings';
import { MemoryStep, newDatabase, settingsOf, sql, startServers } from '../integration/database-fixture';
import { meanSchemaSql } from '../integration/database-mean-schema';
import { fingerprintOfKey, keygen, startOpenSsh } from '../support/openssh';

const { old, fresh, stop } = await startServers();
afterAll(stop);
const { signal } = new AbortController();

const containing = (text: string): unknown => expect.stringContaining(text);

async function portsWith(settings: Partial<Record<SettingName, string>>, schema = meanSchemaSql) {
  const [source, target] = await Promise.all([newDatabase(old), newDatabase(fresh)]);
  await sql(source.url, schema);
  const all = settingsOf({ SOURCE_DATABASE_URL: source.url, SUPABASE_DB_URL: target.url, ...settings });
  const containers = sourceContainers(all, { keyPassphrase: undefined, agent: undefined });
  const database = openDatabasePorts(all, undefined, containers);
  return { source, database, close: () => database.close().then(() => containers?.close()) };
}

it('a pg_dump of this machine gives the same entries as the built-in one, over the connection that is there', async () => {
  const { source, database, close } = await portsWith({ SOURCE_PG_DUMP: 'native' });
  const native = await database.source.dumpSchema(signal);
  expect(native.by?.program).toMatch(/^pg_dump \d+\S* of this machine$/);
  const builtIn = await dumpSchema(parseConnectionUrl('source', source.url), signal);
  expect(builtIn.by).toBeUndefined();
  expect(native.entries).toEqual(builtIn.entries);
  expect(native.entries.length).toBeGreaterThan(50);
  const plan = await new MemoryStep(databaseSchemaStep, { database }).plan();
  expect(databaseSchemaStep.describe(plan).warnings[0]).toMatchObject({
    code: 'SCHEMA_READ_ELSEWHERE',
    message: containing('of this machine, because the settings say so'),
  });
  await close();
});

it('takes over by itself where the built-in one can not serve, and says why', async () => {
  const { url } = await newDatabase(old);
  await sql(url, 'create table plain (id int primary key)');
  const config = parseConnectionUrl('source', url);
  const failing = (reason: string) => () => Promise.reject(dumpFailed(config, reason));
  const automatic = { by: { kind: 'automatic' } } as const;
  const { entries, by } = await dumpSchema(
    config,
    signal,
    usualPatience,
    automatic,
    failing('pg_dump: error: aborting because of server version mismatch'),
  );
  expect(entries.map(({ id }) => id)).toContain('TABLE public.plain');
  expect(by?.reason).toBe('the server is newer than the pg_dump in Cutover');
  // What no other program would do better is said at once.
  await expect(
    dumpSchema(config, signal, usualPatience, automatic, failing('could not obtain lock on relation')),
  ).rejects.toMatchObject({ code: 'SCHEMA_DUMP_FAILED', hint: containing('Another session holds a lock') });
});

it('the pg_dump of the server’s own container is used over SSH, and the password stands on no command line', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'cutover-container-dump-'));
  const file = (name: string) => path.join(folder, name);
  // Stands for Docker’s client: the “containers” are this machine, one with the server’s socket and one with another server’s.
  await writeFile(
    file('docker'),
    `#!/bin/sh
printf '%s\\n' "$*" >> ${file('commands')}
case "$1" in
  ps) printf 'web\\tnginx:1\\nother\\tpostgres:17\\nshop-db-1\\tpostgres:15-alpine\\n' ;;
  exec) if [ "$3" = other ]; then export PGPORT=${new URL(fresh.superuserUrl('postgres')).port}; fi; shift 3; exec "$@" ;;
esac
`,
  );
  await chmod(file('docker'), 0o755);
  keygen(file('host_key'), 'ed25519');
  keygen(file('user_key'), 'ed25519');
  const ssh = await startOpenSsh(
    folder,
    { host: [file('host_key')], users: [file('user_key')] },
    {
      settings: [
        `SetEnv PATH=${folder}:${process.env['PATH'] ?? ''} PGHOST=127.0.0.1 PGPORT=${new URL(old.superuserUrl('postgres')).port}`,
      ],
    },
  );
  const host = {
    EASYPANEL_SSH_HOST: '127.0.0.1',
    EASYPANEL_SSH_PORT: String(ssh.port),
    EASYPANEL_SSH_USER: userInfo().username,
    EASYPANEL_SSH_KEY_FILE: file('user_key'),
    EASYPANEL_SSH_HOST_KEY: fingerprintOfKey(file('host_key')),
  };
  try {
    const { source, database, close } = await portsWith({ ...host, SOURCE_PG_DUMP: 'docker:shop-db-1' });
    const { entries, by } = await database.source.dumpSchema(signal);
    expect(by?.program).toContain('in the container shop-db-1');
    expect(entries).toEqual((await dumpSchema(parseConnectionUrl('source', source.url), signal)).entries);
    // Found by itself: the one whose server answers as ours does.
    const config = parseConnectionUrl('source', source.url);
    const settings = settingsOf(host);
    const containers = sourceContainers(settings, { keyPassphrase: undefined, agent: undefined });
    const found = await dumpInContainer(config, containers, undefined, signal, usualPatience);
    expect(found.program).toContain('in the container shop-db-1');
    await expect(dumpInContainer(config, containers, 'other', signal, usualPatience)).rejects.toMatchObject({
      code: 'SCHEMA_DUMP_FAILED',
      message: containing('other is not'),
    });
    containers?.close();
    const commands = await readFile(file('commands'), 'utf8');
    expect(commands).toContain('pg_dump --schema-only');
    expect(commands).not.toContain('only-for-this-test');
    await close();
  } finally {
    await ssh.stop({ withConnections: true });
    await rm(folder, { recursive: true, force: true });
  }
});
