import { AppError } from '#shared/model/errors';
import { z } from 'zod';
import type { Database } from '../../ports/database';

const identityRow = z.object({ name: z.string(), oid: z.coerce.string(), created: z.string() });
const systemRow = z.object({ id: z.coerce.string() });

/**
 * Which database this is, whatever its address: the server's system identifier with the database's name and OID. Where the
 * identifier is not to be read, the template databases stand in for it. Holds no secret.
 */
export function databaseFingerprint(database: Database, signal: AbortSignal): Promise<string> {
  return database.use(signal, async (session) => {
    const [identity] = await session.query(
      identityRow,
      `select datname as name, oid, (select string_agg(datname || ':' || oid, ',' order by oid)
         from pg_catalog.pg_database where datistemplate) as created
       from pg_catalog.pg_database where datname = current_database()`,
    );
    let system: string | undefined;
    try {
      const rows = await session.query(
        systemRow,
        'select system_identifier as id from pg_catalog.pg_control_system()',
      );
      system = rows[0]?.id;
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'DATABASE_PERMISSION_DENIED') throw error;
    }
    return [system ?? identity?.created ?? '', identity?.name ?? '', identity?.oid ?? ''].join('/');
  });
}
