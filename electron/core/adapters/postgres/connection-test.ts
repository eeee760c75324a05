import { isIP, Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { ConnectionTest } from '#shared/contract/connections';
import { AppError, toAppError } from '#shared/model/errors';
import type { Warning } from '#shared/model/run';
import { settingNameSchema } from '#shared/model/settings';
import { z } from 'zod';
import type { DatabaseSide } from '../../ports/database';
import type { Settings } from '../../ports/settings';
import { parseConnectionUrl, isLoopback, sideTitle, urlSetting } from './connection-config';
import { openSession, type PgSession } from './session';

type Outcome = Omit<ConnectionTest, 'end' | 'at' | 'latencyMs'>;

/** The oldest servers whose rows can be hashed, and whose tables can be compared. */
const oldestMajors = { source: 13, target: 14 } as const;

const factsRow = z.object({
  version: z.string(),
  number: z.coerce.number(),
  role: z.string(),
  superuser: z.boolean(),
  bypass: z.boolean(),
  bytes: z.coerce.number(),
  connections: z.coerce.number(),
  read_only: z.boolean(),
  can_create: z.boolean(),
  auth: z.boolean(),
});

const factsSql = `
select current_setting('server_version') as version, current_setting('server_version_num') as number,
  current_user as role, r.rolsuper as superuser, r.rolbypassrls as bypass,
  pg_catalog.pg_database_size(current_database()) as bytes,
  current_setting('max_connections') as connections,
  current_setting('default_transaction_read_only')::bool or pg_catalog.pg_is_in_recovery() as read_only,
  pg_catalog.has_database_privilege(current_database(), 'create') as can_create,
  pg_catalog.to_regclass('auth.users') is not null as auth
from pg_catalog.pg_roles r where r.rolname = current_user`;

function megabytes(bytes: number): string {
  return bytes < 2 ** 30 ? `${Math.ceil(bytes / 2 ** 20)} MB` : `${(bytes / 2 ** 30).toFixed(1)} GB`;
}

async function learn(session: PgSession, side: DatabaseSide): Promise<Outcome> {
  const [facts] = await session.query(factsRow, factsSql);
  if (facts === undefined) throw new AppError('INTERNAL', 'The server told nothing about its role.');
  const { stream } = session.client.connection;
  const address = stream instanceof Socket ? (stream.remoteAddress ?? '') : '';
  const warnings: Warning[] = [];
  const oldestMajor = oldestMajors[side];
  if (Math.floor(facts.number / 10_000) < oldestMajor) {
    throw new AppError(
      'DATABASE_VERSION_UNSUPPORTED',
      `PostgreSQL ${facts.version} is older than ${oldestMajor}.`,
      {
        hint: `Upgrade ${sideTitle[side]} to PostgreSQL ${oldestMajor} or later first.`,
      },
    );
  }
  if (side === 'target' && facts.read_only) {
    throw new AppError('TARGET_READ_ONLY', 'The target database accepts no writes at present.', {
      hint: 'A managed database turns read-only when its disk is nearly full, and a replica always is.',
    });
  }
  if (side === 'target' && !facts.can_create) {
    throw new AppError(
      'DATABASE_PERMISSION_DENIED',
      `The role ${facts.role} may not create schemas on the target.`,
      {
        hint: 'Use the project’s postgres role.',
      },
    );
  }
  if (side === 'target' && !facts.auth) {
    warnings.push({
      code: 'TARGET_NOT_SUPABASE',
      message: 'The target has no table auth.users, so it is not a Supabase project.',
      hint: 'Check the URL. Users can not be imported here.',
    });
  }
  if (session.config.tls === 'off' && !isLoopback(session.config.host)) {
    warnings.push({
      code: 'DATABASE_WITHOUT_TLS',
      message: 'Passwords and rows travel without encryption.',
      hint: 'Use an SSH tunnel, or a network that only you can read.',
    });
  }
  return {
    ok: true,
    facts: [
      { label: 'PostgreSQL', value: facts.version },
      { label: 'Database', value: `${session.config.database}, ${megabytes(facts.bytes)}` },
      {
        label: 'Role',
        value: `${facts.role}${facts.superuser ? ', superuser' : facts.bypass ? ', bypasses row security' : ''}`,
      },
      { label: 'TLS', value: stream instanceof TLSSocket ? (stream.getProtocol() ?? 'yes') : 'off' },
      { label: 'Address', value: isIP(address) === 6 ? 'IPv6' : 'IPv4' },
      { label: 'Connections', value: `at most ${facts.connections}` },
    ],
    warnings,
  };
}

async function test(side: DatabaseSide, settings: Settings, signal: AbortSignal): Promise<Outcome> {
  try {
    const config = parseConnectionUrl(side, settings.require(urlSetting[side]));
    const session = await openSession(config, signal);
    try {
      return await learn(session, side);
    } finally {
      await session.close();
    }
  } catch (error) {
    const failure = toAppError(error);
    const named = settingNameSchema.safeParse(failure.details?.setting);
    return {
      ok: false,
      facts: [],
      warnings: [],
      error: failure.toShape(),
      setting: named.success ? named.data : urlSetting[side],
    };
  }
}

/** Connects to the source and learns what it is. A failure is the result, not an exception. */
export function testSourceDatabase(settings: Settings, signal: AbortSignal): Promise<Outcome> {
  return test('source', settings, signal);
}

/** Connects to the target, learns what it is and whether it can be written. A failure is the result, not an exception. */
export function testTargetDatabase(settings: Settings, signal: AbortSignal): Promise<Outcome> {
  return test('target', settings, signal);
}
