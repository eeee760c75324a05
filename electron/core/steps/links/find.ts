import { z } from 'zod';
import type { LinkColumnView, LinkFindings } from '#shared/contract/links';
import type { Progress } from '#shared/model/run';
import type { DatabaseSession } from '../../ports/database';
import { isApplicationSchema } from '../common/reserved-schemas';
import { quoteText } from '../common/sql-text';
import { readLinkTables, type LinkColumn, type LinkTable } from './columns';
import type { FoundLink } from './find-links';
import { linkHosts, type LinkRules } from './rules';
import { blockOf, changesOf, endOfTable, linkRows } from './scan-table';

const longestSample = 300;

export interface FindOptions {
  rules: LinkRules;
  /** How many are kept for each column. */
  samples: number;
  signal: AbortSignal;
  onProgress: (progress: Progress) => void;
}

/** Looks through every text of a database for links of the old storage. Reads only. */
export async function findInDatabase(
  session: DatabaseSession,
  options: FindOptions,
): Promise<Pick<LinkFindings, 'tables' | 'columns' | 'definitions'>> {
  const tables = await readLinkTables(session);
  const ends = new Map<LinkTable, { through: string; blocks: number }>();
  for (const table of tables) ends.set(table, await endOfTable(session, table));
  const total = [...ends.values()].reduce((sum, { blocks }) => sum + blocks, 0);
  let before = 0;
  const columns: LinkColumnView[] = [];
  for (const table of tables) {
    const end = ends.get(table) ?? { through: '(0,0)', blocks: 0 };
    const found = await findInTable(session, table, end.through, options, (blocks) =>
      options.onProgress({ done: before + Math.min(blocks, end.blocks), total, unit: 'blocks' }),
    );
    columns.push(...found);
    before += end.blocks;
    options.onProgress({ done: before, total, unit: 'blocks' });
  }
  return { tables: tables.length, columns, definitions: await findInDefinitions(session, options.rules) };
}

async function findInTable(
  session: DatabaseSession,
  table: LinkTable,
  through: string,
  { rules, samples, signal }: FindOptions,
  onBlocks: (blocks: number) => void,
): Promise<LinkColumnView[]> {
  const views = new Map<string, LinkColumnView>();
  let after = '(0,0)';
  for (;;) {
    signal.throwIfAborted();
    const rows = await linkRows(session, table, rules, { after, through, lock: false });
    const last = rows.at(-1);
    if (last === undefined) return [...views.values()];
    for (const row of rows) {
      const touched = new Set<LinkColumnView>();
      changesOf(table, row, rules, (column, link, text) => {
        const view = views.get(column.name) ?? emptyView(table, column);
        views.set(column.name, view);
        touched.add(view);
        count(view, link, text, samples);
      });
      for (const view of touched) view.rows += 1;
    }
    after = last.ctid;
    onBlocks(blockOf(after));
  }
}

function emptyView(table: LinkTable, column: LinkColumn): LinkColumnView {
  const fixed = table.kind === 'materialized-view' ? table.kind : column.fixed;
  return {
    schema: table.schema,
    table: table.name,
    column: column.name,
    type: column.type,
    ...(fixed === undefined ? {} : { fixed }),
    rows: 0,
    links: 0,
    signed: 0,
    left: {},
    samples: [],
  };
}

function count(view: LinkColumnView, link: FoundLink, text: string, samples: number): void {
  if (link.replacement !== undefined) {
    view.links += 1;
    if (link.presigned || link.versioned) view.signed += 1;
  } else if (link.left !== undefined) {
    view.left[link.left] = (view.left[link.left] ?? 0) + 1;
  }
  if (view.samples.length >= samples) return;
  view.samples.push({
    before: masked(text.slice(link.start, link.end)),
    ...(link.replacement === undefined ? {} : { after: masked(link.replacement.text) }),
  });
}

/** A link as it may be shown: a signature would let whoever sees it read the file. */
function masked(link: string): string {
  const safe = link.replace(
    /((?:X-Amz-(?:Signature|Credential|Security-Token)|Signature|AWSAccessKeyId|token|key|secret)(?:=|%3D))[^&#"'\s\\%]*(?:%(?!26)[0-9A-F]{2}[^&#"'\s\\%]*)*/gi,
    '$1•••',
  );
  return safe.length > longestSample ? `${safe.slice(0, longestSample)}…` : safe;
}

const definitionRow = z.object({ kind: z.string(), name: z.string() });

function findInDefinitions(
  session: DatabaseSession,
  rules: LinkRules,
): Promise<{ kind: string; name: string }[]> {
  const patterns = linkHosts(rules).map((host) => quoteText(`%//${host.replace(/[\\%_]/g, '\\$&')}%`));
  const names = `ilike any (array[${patterns.join(', ')}]::text[])`;
  return session.query(
    definitionRow,
    `select 'function' as kind, n.nspname || '.' || p.proname as name from pg_catalog.pg_proc p
       join pg_catalog.pg_namespace n on n.oid = p.pronamespace
       where ${isApplicationSchema('n.nspname')} and p.prosrc ${names}
     union all select 'view', schemaname || '.' || viewname from pg_catalog.pg_views
       where ${isApplicationSchema('schemaname')} and definition ${names}
     union all select 'materialized view', schemaname || '.' || matviewname from pg_catalog.pg_matviews
       where ${isApplicationSchema('schemaname')} and definition ${names}
     union all select 'default', n.nspname || '.' || c.relname || '.' || a.attname from pg_catalog.pg_attrdef d
       join pg_catalog.pg_class c on c.oid = d.adrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
       join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = d.adnum
       where ${isApplicationSchema('n.nspname')} and pg_catalog.pg_get_expr(d.adbin, d.adrelid) ${names}
     union all select 'constraint', n.nspname || '.' || c.relname || '.' || k.conname from pg_catalog.pg_constraint k
       join pg_catalog.pg_class c on c.oid = k.conrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
       where k.contype = 'c' and ${isApplicationSchema('n.nspname')} and pg_catalog.pg_get_constraintdef(k.oid) ${names}
     order by 1, 2`,
  );
}
