import { Client } from 'pg';
import { startEmbeddedServer, generatePassword, type EmbeddedServer } from './embedded-server';
import { authSchemaSql } from './managed/auth-schema';
import { privilegedExtensions, publicGrantsSql, rolesSql } from './managed/roles';
import { serviceSchemasSql } from './managed/service-schemas';

export interface ManagedPostgresOptions {
  /** Folder of a cluster to keep; without it everything is thrown away at the stop. */
  dataDir?: string | undefined;
  /** The port to take when it is free. */
  preferredPort?: number | undefined;
  settings?: Readonly<Record<string, string>> | undefined;
  signal?: AbortSignal | undefined;
}

/** PostgreSQL 17 laid out as a Supabase project. */
export interface ManagedPostgres {
  readonly server: EmbeddedServer;
  /** As a project's owner connects: the limited role `postgres`. */
  readonly url: string;
  /** For the Auth service: role `supabase_auth_admin`. */
  readonly authUrl: string;
  /** For the REST service: role `authenticator`. */
  readonly restUrl: string;
  /** The superuser `supabase_admin`, which no customer gets: for assertions in tests only. */
  readonly adminUrl: string;
  stop(): Promise<void>;
}

/**
 * Starts the managed side's database: roles with their limits, reserved schemas, `auth.users` and default grants as on
 * Supabase. Passwords are new at each start.
 */
export async function startManagedPostgres(options: ManagedPostgresOptions = {}): Promise<ManagedPostgres> {
  const server = await startEmbeddedServer({
    version: 17,
    superuser: 'supabase_admin',
    dataDir: options.dataDir,
    preferredPort: options.preferredPort,
    settings: options.settings,
    trustedExtensions: privilegedExtensions,
    signal: options.signal,
  });
  try {
    const adminUrl = server.superuserUrl('postgres');
    const client = new Client({ connectionString: adminUrl });
    await client.connect();
    const passwords = { postgres: generatePassword(), auth: generatePassword(), rest: generatePassword() };
    try {
      const laidOut = await client.query(`select from pg_roles where rolname = 'supabase_auth_admin'`);
      if (laidOut.rowCount === 0) {
        await client.query(
          `begin; ${rolesSql} ${serviceSchemasSql} ${authSchemaSql} ${publicGrantsSql} commit`,
        );
      }
      await client.query(`
        alter role postgres password '${passwords.postgres}';
        alter role supabase_auth_admin password '${passwords.auth}';
        alter role authenticator password '${passwords.rest}'`);
    } finally {
      await client.end();
    }
    return {
      server,
      adminUrl,
      url: server.url('postgres', passwords.postgres, 'postgres'),
      authUrl: server.url('supabase_auth_admin', passwords.auth, 'postgres'),
      restUrl: server.url('authenticator', passwords.rest, 'postgres'),
      stop: () => server.stop(),
    };
  } catch (error) {
    await server.stop();
    throw error;
  }
}
