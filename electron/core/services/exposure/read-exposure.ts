import type { ExposureFinding } from '#shared/contract/exposure';
import { z } from 'zod';
import type { DatabaseSession } from '../../ports/database';
import { qualified } from '../../steps/common/sql-text';

/** Columns whose names say that their values are nobody's business. */
const secretColumn =
  '(^|_)(pass(word|wd|phrase|code)?|pwd|secret|token|hash|salt|api_?key|private_?key|otp|ssn|iban|credit_?card)(_|$)|password|secret';
/** Tables in which migration tools note what they did: whoever writes there decides what runs next. */
const migrationTables: ReadonlySet<string> = new Set([
  'alembic_version',
  '_prisma_migrations',
  'django_migrations',
  'schema_migrations',
  'flyway_schema_history',
  'knex_migrations',
  'typeorm_migrations',
  'goose_db_version',
  'ar_internal_metadata',
]);

const relationRow = z.object({
  schema: z.string(),
  name: z.string(),
  kind: z.enum(['r', 'p', 'v', 'm', 'f']),
  /** Rights of the public roles on it, as `anon SELECT`. */
  rights: z.array(z.string()),
  rls: z.boolean(),
  policies: z.coerce.number(),
  invoker: z.boolean(),
  secrets: z.array(z.string()),
  reads_users: z.boolean(),
});
type Relation = z.infer<typeof relationRow>;

const functionRow = z.object({ schema: z.string(), name: z.string(), signature: z.string() });
const nameRow = z.object({ name: z.string() });

/** Supabase's setting for what the REST interface serves; without it `public`. */
const schemasSql = `
select trim(s.name) as name from pg_catalog.pg_db_role_setting d join pg_catalog.pg_roles r on r.oid = d.setrole
cross join lateral unnest(d.setconfig) c (config)
cross join lateral regexp_split_to_table(regexp_replace(c.config, '^[^=]+=', ''), ',') s (name)
where r.rolname = 'authenticator' and c.config like 'pgrst.db_schemas=%'`;

const relationsSql = `
select n.nspname as schema, c.relname as name, c.relkind as kind,
  coalesce((select array_agg(r.rolname || ' ' || p.right_name order by 1) from pg_catalog.pg_roles r,
      unnest(array['SELECT', 'INSERT', 'UPDATE', 'DELETE']) p (right_name)
    where r.rolname in ('anon', 'authenticated') and pg_catalog.has_schema_privilege(r.oid, n.oid, 'USAGE')
      and (pg_catalog.has_table_privilege(r.oid, c.oid, p.right_name)
        or case when p.right_name <> 'DELETE' then pg_catalog.has_any_column_privilege(r.oid, c.oid, p.right_name) else false end)), '{}') as rights,
  c.relrowsecurity as rls,
  (select count(*) from pg_catalog.pg_policy p where p.polrelid = c.oid) as policies,
  coalesce(c.reloptions::text ~* 'security_invoker=(true|on|1|yes)', false) as invoker,
  coalesce((select array_agg(a.attname::text order by a.attnum) from pg_catalog.pg_attribute a
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attname ~* $2), '{}') as secrets,
  exists (select from pg_catalog.pg_rewrite w join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_rewrite'::regclass and d.objid = w.oid
    where w.ev_class = c.oid and d.refobjid = pg_catalog.to_regclass('auth.users')) as reads_users
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname = any ($1)
  and not exists (select from pg_catalog.pg_depend e where e.deptype = 'e' and e.classid = 'pg_catalog.pg_class'::regclass and e.objid = c.oid)
order by 1, 2`;

const functionsSql = `
select n.nspname as schema, p.proname as name,
  pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(p.proname) || '(' || pg_catalog.pg_get_function_identity_arguments(p.oid) || ')' as signature
from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
where p.prosecdef and p.prokind in ('f', 'p') and p.prorettype <> 'trigger'::regtype and n.nspname = any ($1)
  and exists (select from pg_catalog.pg_roles r where r.rolname in ('anon', 'authenticated')
    and pg_catalog.has_function_privilege(r.oid, p.oid, 'EXECUTE') and pg_catalog.has_schema_privilege(r.oid, n.oid, 'USAGE'))
  and not exists (select from pg_catalog.pg_depend e where e.deptype = 'e' and e.classid = 'pg_catalog.pg_proc'::regclass and e.objid = p.oid)
order by 1, 2, 3`;

const revoke = (relation: Relation): string =>
  `revoke all on ${qualified(relation)} from anon, authenticated;`;
const enable = (relation: Relation): string =>
  `alter table ${qualified(relation)} enable row level security;`;

type Found = Pick<ExposureFinding, 'code' | 'severity' | 'message' | 'sql'>;

/** Who may do what, in words: `anon may SELECT, INSERT`. */
function rightsText({ rights }: Relation): string {
  const byRole = new Map<string, string[]>();
  for (const right of rights) {
    const [role = '', act = ''] = right.split(' ');
    byRole.set(role, [...(byRole.get(role) ?? []), act]);
  }
  return [...byRole].map(([role, acts]) => `${role} may ${acts.join(', ')}`).join('; ');
}

function judgeTable(table: Relation): Found[] {
  const reached = table.rights.length > 0;
  const name = `${table.schema}.${table.name}`;
  const rights = rightsText(table);
  if (table.policies > 0 && !table.rls) {
    return [
      {
        code: 'POLICY_EXISTS_RLS_DISABLED',
        severity: reached ? 'must-fix' : 'check',
        message: `${name} has ${table.policies} policies, and row level security is off: they do nothing.${reached ? ` ${rights}.` : ''}`,
        sql: enable(table),
      },
    ];
  }
  if (table.rls || table.kind === 'f') return table.kind === 'f' && reached ? [foreignTable(table)] : [];
  if (!reached) {
    return [
      {
        code: 'RLS_OFF_WITHOUT_RIGHTS',
        severity: 'note',
        message: `${name} has row level security off. No public role has rights on it, so it is closed; a grant would open all of it.`,
        sql: enable(table),
      },
    ];
  }
  if (migrationTables.has(table.name)) {
    return [
      {
        code: 'MIGRATIONS_EXPOSED',
        severity: 'must-fix',
        message: `${name} is where a migration tool notes what it did. Without row level security, ${rights}.`,
        sql: `${revoke(table)}\n${enable(table)}`,
      },
    ];
  }
  if (table.secrets.length > 0) {
    return [
      {
        code: 'SENSITIVE_COLUMNS_EXPOSED',
        severity: 'must-fix',
        message: `${name} has columns that look like secrets: ${table.secrets.join(', ')}. Without row level security, ${rights}.`,
        sql: `${revoke(table)}\n${enable(table)}`,
      },
    ];
  }
  return [
    {
      code: 'RLS_DISABLED_IN_PUBLIC',
      severity: 'must-fix',
      message: `${name} has row level security off, and ${rights}: whoever has the publishable key.`,
      sql: `${revoke(table)}\n${enable(table)}`,
    },
  ];
}

const foreignTable = (table: Relation): Found => ({
  code: 'RLS_DISABLED_IN_PUBLIC',
  severity: 'must-fix',
  message: `${table.schema}.${table.name} is a foreign table, which knows no row level security, and ${rightsText(table)}.`,
  sql: revoke(table),
});

function judgeView(view: Relation): Found[] {
  if (view.rights.length === 0) return [];
  const name = `${view.schema}.${view.name}`;
  const rights = rightsText(view);
  if (view.reads_users) {
    return [
      {
        code: 'AUTH_USERS_EXPOSED',
        severity: 'must-fix',
        message: `${name} reads auth.users, and ${rights}.`,
        sql: revoke(view),
      },
    ];
  }
  if (view.kind === 'm') {
    return [
      {
        code: 'MATERIALIZED_VIEW_EXPOSED',
        severity: view.secrets.length > 0 ? 'must-fix' : 'check',
        message: `${name} is a materialized view, which knows no row level security, and ${rights}.`,
        sql: revoke(view),
      },
    ];
  }
  if (view.invoker) return [];
  return [
    {
      code: 'SECURITY_DEFINER_VIEW',
      severity: 'must-fix',
      message: `${name} reads with its owner’s rights, past row level security, and ${rights}.`,
      sql: `alter view ${qualified(view)} set (security_invoker = true);`,
    },
  ];
}

/** What a run left open or an application had open before: tables, views and functions that the publishable key reaches. Reads catalogs only. */
export async function readExposure(target: DatabaseSession): Promise<{
  schemas: string[];
  relations: { schema: string; name: string }[];
  findings: ExposureFinding[];
}> {
  const named = (await target.query(nameRow, schemasSql)).map(({ name }) => name);
  const schemas = (named.length === 0 ? ['public'] : named).filter((name) => !name.startsWith('graphql'));
  const relations = await target.query(relationRow, relationsSql, [schemas, secretColumn]);
  const functions = await target.query(functionRow, functionsSql, [schemas]);
  const findings: ExposureFinding[] = [
    ...relations.flatMap((relation) => {
      const found =
        relation.kind === 'v' || relation.kind === 'm' ? judgeView(relation) : judgeTable(relation);
      const object = qualified(relation);
      return found.map((item) => ({ id: `${item.code} ${object}`, object, ...item }));
    }),
    ...functions.map(({ signature }): ExposureFinding => ({
      id: `SECURITY_DEFINER_FUNCTION ${signature}`,
      code: 'SECURITY_DEFINER_FUNCTION',
      severity: 'check',
      object: signature,
      message: `${signature} runs with its owner’s rights, and whoever has the publishable key may call it.`,
      sql: `revoke execute on routine ${signature} from public, anon, authenticated;`,
    })),
  ];
  const order = { 'must-fix': 0, check: 1, note: 2 } as const;
  return {
    schemas,
    relations: relations.map(({ schema, name }) => ({ schema, name })),
    findings: findings.sort((a, b) => order[a.severity] - order[b.severity] || a.id.localeCompare(b.id)),
  };
}
