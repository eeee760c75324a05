import type { InspectReport } from '#shared/contract/migration';
import { formatBytes } from '#shared/model/format-bytes';
import { z } from 'zod';
import type { ConnectionKind, DatabaseSession, ProjectLimits } from '../../ports/database';

type Findings = InspectReport['findings'];
type Finding = Findings[number];

/** The oldest version whose catalogs and hashes are what Cutover reads. */
const oldestVersion = 130_000;
/** Connections that a copy of four tables side by side opens: two readers for each, and the keeper of the snapshot. */
const sourceConnections = 9;

/** Sessions that a run has open on the target at most: four copies or index builders, one that looks after them, and those of the users. */
const targetConnections = 8;
/** What Supabase sets where nobody changed it. */
const usualPoolSize = 15;

const serverRow = z.object({
  version: z.string(),
  number: z.coerce.number(),
  encoding: z.string(),
  collate: z.string(),
  ctype: z.string(),
  provider: z.string(),
  zone: z.string(),
  wal_level: z.string(),
  statement_timeout: z.string(),
  free: z.coerce.number(),
  read_only: z.boolean(),
  large_objects: z.coerce.number(),
  role: z.string(),
  /** 4 or 6 as the server sees us, 0 through a socket. */
  family: z.coerce.number(),
});
/** What a server says of itself. */
export type ServerFacts = z.infer<typeof serverRow>;

const serverSql = `
select current_setting('server_version') as version, current_setting('server_version_num') as number,
  pg_catalog.pg_encoding_to_char(d.encoding) as encoding, d.datcollate as collate, d.datctype as ctype,
  coalesce(to_jsonb(d) ->> 'datlocprovider', 'c') as provider,
  coalesce((select regexp_replace(c.config, '^[^=]+=', '') from pg_catalog.pg_db_role_setting s cross join lateral unnest(s.setconfig) c (config)
    where c.config ~* '^timezone=' and s.setdatabase in (0, d.oid) and s.setrole in (0, (select oid from pg_catalog.pg_roles where rolname = current_user))
    order by s.setrole desc, s.setdatabase desc limit 1), (select reset_val from pg_catalog.pg_settings where name = 'TimeZone')) as zone,
  current_setting('wal_level') as wal_level, current_setting('statement_timeout') as statement_timeout,
  current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
    - (select count(*) from pg_catalog.pg_stat_activity where backend_type = 'client backend') as free,
  pg_catalog.pg_is_in_recovery() or coalesce((select reset_val from pg_catalog.pg_settings where name = 'default_transaction_read_only'), 'off') = 'on' as read_only,
  (select count(*) from pg_catalog.pg_largeobject_metadata) as large_objects, current_user as role,
  coalesce(family(pg_catalog.inet_client_addr()), 0) as family
from pg_catalog.pg_database d where d.datname = current_database()`;

/** Reads what a server says of itself; undefined never happens on a server that answers. */
export async function readServer(session: DatabaseSession): Promise<ServerFacts | undefined> {
  return (await session.query(serverRow, serverSql))[0];
}

const major = ({ number }: ServerFacts): number => Math.floor(number / 10_000);
const providers: Readonly<Record<string, string>> = { c: 'libc', i: 'ICU', b: 'builtin' };

/** The default collation in one phrase. */
export function collationOf({ collate, provider }: ServerFacts): string {
  return `${collate} (${providers[provider] ?? provider})`;
}

/** How a server is reached, in one phrase. Behind a pooler the server sees the pooler's address, not ours. */
export function connectionOf({ family }: ServerFacts, kind: ConnectionKind): string {
  if (kind === 'supabase-session-pooler') return 'session pooler';
  return family === 0 ? 'direct' : `direct, IPv${family}`;
}

/** The target's connections and disk, as its address and the management API tell of them. */
export interface TargetRoom extends ProjectLimits {
  readonly kind: ConnectionKind;
}

/** What source and target say of themselves that has to be known. `bytes`: the size of the source's database. */
export function serverFindings(
  source: ServerFacts,
  target: ServerFacts,
  bytes: number,
  { kind, poolSize, freeDiskBytes }: TargetRoom,
): Findings {
  const findings: Findings = [];
  const add = (severity: Finding['severity'], code: string, message: string, hint?: string): void => {
    findings.push({ code, severity, lane: 'database', message, ...(hint === undefined ? {} : { hint }) });
  };
  if (source.number < oldestVersion) {
    add(
      'blocker',
      'SOURCE_TOO_OLD',
      `PostgreSQL ${source.version} is older than what Cutover moves.`,
      'Upgrade the source to PostgreSQL 13 or later first.',
    );
  }
  if (major(target) < major(source)) {
    add(
      'warning',
      'TARGET_OLDER',
      `The target is PostgreSQL ${major(target)}, older than the source’s ${major(source)}: what only the newer one knows can’t be created.`,
      'Upgrade the project before the move where you can.',
    );
  }
  if (target.read_only) {
    add(
      'blocker',
      'TARGET_READ_ONLY',
      'The target accepts no writes at present.',
      'A managed database turns read-only when its disk is nearly full: enlarge the disk first.',
    );
  }
  if (source.encoding !== target.encoding) {
    add(
      source.encoding === 'SQL_ASCII' ? 'warning' : 'info',
      'ENCODING_DIFFERS',
      `The source is encoded in ${source.encoding}, the target in ${target.encoding}: texts are converted on the way and compared after the conversion.`,
      source.encoding === 'SQL_ASCII'
        ? 'Bytes that are no UTF-8 stop the copy and are named: correct them on the source.'
        : undefined,
    );
  }
  if (source.collate !== target.collate || source.provider !== target.provider) {
    add(
      'warning',
      'COLLATION_DIFFERS',
      `Texts sort by ${collationOf(source)} at the source and by ${collationOf(target)} at the target: ORDER BY and comparisons of texts may come out otherwise.`,
      'Where the order matters, give the column a COLLATE of its own on the source.',
    );
  }
  if (source.zone !== target.zone) {
    add(
      'warning',
      'TIME_ZONE_DIFFERS',
      `Sessions run in ${source.zone} at the source and in ${target.zone} at the target. Values of timestamptz stay the same moments; casts to date or timestamp, and now() in columns without a zone, change.`,
      `Set it for the application’s role on the target: ALTER ROLE … SET timezone = '${source.zone}'.`,
    );
  }
  if (source.wal_level !== 'logical') {
    add(
      'info',
      'WAL_LEVEL',
      `wal_level is ${source.wal_level}. A copy needs no more; following a live source needs logical and a restart.`,
    );
  }
  if (target.statement_timeout !== '0') {
    add(
      'warning',
      'STATEMENT_TIMEOUT',
      `The target keeps a statement_timeout of ${target.statement_timeout} in our sessions, which ends long copies and index builds.`,
      'Connect directly or to the session pooler, not through a pooler that resets settings.',
    );
  }
  if (source.free < sourceConnections) {
    add(
      'warning',
      'FEW_CONNECTIONS',
      `The source has ${Math.max(0, source.free)} free connections; copying four tables side by side takes ${sourceConnections}. With fewer, fewer tables are copied at a time.`,
      'Stop what is idle on the source, or raise max_connections.',
    );
  }
  if (target.free < 5) {
    add(
      'warning',
      'FEW_CONNECTIONS',
      `The target has ${Math.max(0, target.free)} free connections, so the copy uses fewer than it could.`,
      'Stop what is idle on the target during the move.',
    );
  }
  if (kind === 'supabase-session-pooler') {
    const size = poolSize ?? usualPoolSize;
    add(
      size < targetConnections ? 'warning' : 'info',
      'SESSION_POOLER',
      `The target is reached through the session pooler, which gives out ${size} connections${poolSize === undefined ? ' unless its pool size was changed' : ''} to everybody together. A run opens up to ${targetConnections} of them, and works with fewer where it is refused more.`,
      'Stop what else uses the session pooler during the move, or raise the pool size in the project’s database settings. The direct connection has no such limit, and needs IPv6.',
    );
  }
  const needed = Math.ceil(bytes * 1.5);
  add(
    freeDiskBytes !== undefined && freeDiskBytes < needed ? 'warning' : 'info',
    'TARGET_DISK',
    `The target needs about ${formatBytes(bytes)} of disk, and up to half as much again while rows are loaded and indexes are built. ${
      freeDiskBytes === undefined
        ? 'How much is free is not known: SQL can’t tell.'
        : `${formatBytes(freeDiskBytes)} are free.`
    }`,
    freeDiskBytes === undefined
      ? 'Look at the project’s disk in its settings, and enlarge it before the move. With a SUPABASE_ACCESS_TOKEN Cutover reads it by itself.'
      : freeDiskBytes < needed
        ? 'Enlarge the project’s disk before the move: a full disk turns the database read-only.'
        : undefined,
  );
  return findings;
}
