import { AppError } from '#shared/model/errors';
import { sideTitle, type ConnectionConfig } from './connection-config';

/** Milliseconds that a whole dump may take. */
export const dumpTimeout = 10 * 60_000;

/** Owners, tablespaces and access methods are a matter of the target. */
export const dumpArguments: readonly string[] = [
  '--schema-only',
  '--no-owner',
  '--no-tablespaces',
  '--no-table-access-method',
  '--encoding=UTF8',
  '--lock-wait-timeout=30s',
];

/** What pg_dump said when it failed, as an AppError: `DATABASE_PERMISSION_DENIED` or `SCHEMA_DUMP_FAILED`. */
export function dumpFailed(config: ConnectionConfig, reason: string): AppError {
  const denied = /permission denied for [^\n]*/.exec(reason)?.[0];
  if (denied !== undefined) {
    return new AppError(
      'DATABASE_PERMISSION_DENIED',
      `The role ${config.user} may not read all of ${sideTitle[config.side]}: ${denied}.`,
      {
        hint: 'Use the owner of the tables, or grant the role SELECT on every table and USAGE on every schema.',
      },
    );
  }
  return new AppError('SCHEMA_DUMP_FAILED', `The schema of ${sideTitle[config.side]} could not be read.`, {
    hint: /lock/i.test(reason)
      ? 'Another session holds a lock on a table (a migration, a VACUUM FULL). Wait for it to end, then try again.'
      : 'The details hold what pg_dump said.',
    retryable: true,
    details: { reason: reason.trim().slice(0, 2_000) },
  });
}
