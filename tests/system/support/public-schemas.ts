import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';

const run = promisify(execFile);

export interface PublicSchema {
  readonly name: string;
  readonly sql: string;
}

interface Source {
  readonly name: string;
  /** Of Debian's archive or of PyPI, at the version given there. */
  readonly from: { debian: string } | { python: string };
  /** Where the schema stands in the package. */
  readonly file: string;
  /** Lines that are for psql, or for what the application does first. */
  readonly without?: RegExp;
}

/** Applications that publish their whole schema for PostgreSQL in a package; none was written with Cutover in mind. */
const sources: readonly Source[] = [
  {
    name: 'Zabbix',
    from: { debian: 'zabbix-server-pgsql' },
    file: 'usr/share/zabbix-server-pgsql/schema.sql.gz',
  },
  {
    name: 'Kea',
    from: { debian: 'kea-admin' },
    file: 'usr/share/kea/scripts/pgsql/dhcpdb_create.pgsql',
    without: /^(?:\\.*|START TRANSACTION;|COMMIT;)$/gm,
  },
  {
    name: 'Icinga',
    from: { debian: 'icinga2-ido-pgsql' },
    file: 'usr/share/icinga2-ido-pgsql/schema/pgsql.sql',
  },
  {
    name: 'Synapse',
    from: { python: 'matrix-synapse==1.99.0' },
    file: 'synapse/storage/schema/main/full_schemas/72/full.sql.postgres',
  },
];

async function unpack(source: Source, folder: string): Promise<void> {
  if ('debian' in source.from) {
    const download = ['download', '-q', '-o', 'APT::Sandbox::User=root', source.from.debian];
    await run('apt-get', download, { cwd: folder }).catch(async () => {
      await run('apt-get', ['update', '-q']);
      await run('apt-get', download, { cwd: folder });
    });
    const [archive = ''] = (await readdir(folder)).filter((name) => name.endsWith('.deb'));
    await run('dpkg-deb', ['-x', archive, '.'], { cwd: folder });
    return;
  }
  const wheel = ['-m', 'pip', 'download', '--quiet', '--no-deps', '--only-binary', ':all:', '--dest', '.'];
  await run('python3', [...wheel, source.from.python], { cwd: folder });
  const [archive = ''] = (await readdir(folder)).filter((name) => name.endsWith('.whl'));
  await run('python3', ['-m', 'zipfile', '-e', archive, '.'], { cwd: folder });
}

/** Fetches the packages into a temporary folder and takes the schemas out of them. */
export async function fetchPublicSchemas(): Promise<PublicSchema[]> {
  const schemas: PublicSchema[] = [];
  for (const source of sources) {
    const folder = await mkdtemp(path.join(tmpdir(), 'cutover-schema-'));
    try {
      await unpack(source, folder);
      const bytes = await readFile(path.join(folder, source.file));
      const text = (source.file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
      schemas.push({
        name: source.name,
        sql: source.without === undefined ? text : text.replaceAll(source.without, ''),
      });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
  return schemas;
}

/**
 * Fills every table of the schema `public` with generated rows, run as a superuser. Row n has in each column a value that follows from n and
 * the column's type, so that foreign keys find their rows; what a constraint does not take is left empty, and rows without their parents go.
 */
export const fillSql = (rows: number): string => `
set session_replication_role = replica;
do $fill$
declare
  t record; k record; gone bigint; n bigint;
begin
  for t in
    select c.oid::regclass::text as name, string_agg(quote_ident(a.attname), ', ' order by a.attnum) as columns,
      string_agg(case
        when e.typtype = 'e' then format('(enum_range(null::%s))[1 + n %% array_length(enum_range(null::%s), 1)]', e.oid::regtype, e.oid::regtype)
        when e.typname = 'int2' then 'n::int2'
        when e.typname in ('int4', 'int8', 'oid') then 'n'
        when e.typname = 'numeric' then 'n::numeric'
        when e.typname in ('float4', 'float8') then 'n / 7.0'
        when e.typname = 'bool' then 'n % 2 = 0'
        when e.typname in ('text', 'varchar', 'bpchar', 'name', 'citext') then
          case when a.atttypmod between 5 and 8 then format('right(n::text, %s)', a.atttypmod - 4) else format('''v'' || n') end
        when e.typname in ('timestamp', 'timestamptz', 'date') then format('(timestamptz ''2024-01-01 00:00+00'' + n * interval ''1 day'')::%s', e.typname)
        when e.typname = 'interval' then 'n * interval ''1 min'''
        when e.typname = 'bytea' then 'decode(md5(n::text), ''hex'')'
        when e.typname in ('json', 'jsonb') then format('json_build_object(''n'', n)::%s', e.typname)
        when e.typname = 'uuid' then 'md5(n::text)::uuid'
        when e.typname in ('inet', 'cidr') then format('(inet ''10.0.0.0'' + n)::%s', e.typname)
        when e.typname = 'tsvector' then 'to_tsvector(''simple'', ''v'' || n)'
        when e.typcategory = 'A' then '''{}'''
        else 'null' end, ', ' order by a.attnum) as vals
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
    join pg_type d on d.oid = a.atttypid join pg_type e on e.oid = case when d.typtype = 'd' then d.typbasetype else d.oid end
    where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace group by c.oid
  loop
    foreach n in array array[${rows}, 1] loop
      begin
        execute format('insert into %s (%s) overriding system value select %s from generate_series(1, %s) n', t.name, t.columns, t.vals, n);
        exit;
      exception when others then null;
      end;
    end loop;
  end loop;
  loop
    gone := 0;
    for k in
      select f.conrelid::regclass::text as child, f.confrelid::regclass::text as parent,
        string_agg(format('p.%I = c.%I', q.attname, a.attname), ' and ') as joined, string_agg(format('c.%I is not null', a.attname), ' and ') as known
      from pg_constraint f cross join lateral unnest(f.conkey, f.confkey) u (mine, theirs)
      join pg_attribute a on a.attrelid = f.conrelid and a.attnum = u.mine join pg_attribute q on q.attrelid = f.confrelid and q.attnum = u.theirs
      where f.contype = 'f' group by f.oid, f.conrelid, f.confrelid
    loop
      execute format('delete from %s c where %s and not exists (select from %s p where %s)', k.child, k.known, k.parent, k.joined);
      get diagnostics n = row_count; gone := gone + n;
    end loop;
    exit when gone = 0;
  end loop;
end $fill$;
reset session_replication_role;
analyze;
`;
