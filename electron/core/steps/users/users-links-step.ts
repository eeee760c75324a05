import { AppError } from '#shared/model/errors';
import type { Evidence } from '#shared/model/run';
import { z } from 'zod';
import { defineStep } from '../../engine/step';
import type { DatabaseSession } from '../../ports/database';
import type { MigrationPorts } from '../../ports/migration-ports';
import { addedColumnComment } from '../common/added-columns';
import { tableLabel } from '../common/tables';
import { qualified, quoteName, quoteText } from '../common/sql-text';
import { silenceTriggers } from './auth-tables';
import { mappingInForce } from './resolve-mapping';
import { mapTable } from './user-map';
import { fillLinkSql, makeLinkSql, planLinks, userLinkSchema, type UserLink } from './user-links';

type Ports = Pick<MigrationPorts, 'database' | 'usersMapping'>;

const planSchema = z.object({
  links: z.array(userLinkSchema),
  /** False where the target's database is not set up, so that nothing can be linked. */
  reachable: z.boolean(),
});
const outputSchema = z.object({ filled: z.number(), absent: z.array(z.string()) });

const labelOf = (link: UserLink): string => `${tableLabel(link)}.${link.to}`;

const stateRow = z.object({ table: z.boolean(), column: z.boolean(), ours: z.boolean() });

async function stateOf(target: DatabaseSession, link: UserLink): Promise<z.infer<typeof stateRow>> {
  const [row] = await target.query(
    stateRow,
    `select c.oid is not null as "table", a.attname is not null as "column",
       coalesce(pg_catalog.col_description(c.oid, a.attnum) = ${quoteText(addedColumnComment)}, false) as ours
     from (select to_regclass($1) as oid) c
     left join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attname = $2 and not a.attisdropped`,
    [qualified(link), link.to],
  );
  return row ?? { table: false, column: false, ours: false };
}

const countRow = z.object({ rows: z.coerce.number(), right: z.coerce.number(), unknown: z.coerce.number() });

async function compareLink(target: DatabaseSession, link: UserLink): Promise<Evidence> {
  const column = quoteName(link.to);
  const [row] = await target.query(
    countRow,
    `select count(*) as rows, count(*) filter (where t.${column} is not distinct from a.id) as "right", count(*) filter (where a.id is null) as unknown
     from ${qualified(link)} t left join ${mapTable} m on m.source = $1 and m.old_id = t.${quoteName(link.from)}::text
     left join auth.users a on a.id = m.user_id where t.${quoteName(link.from)} is not null`,
    [link.source],
  );
  const { rows, right, unknown } = row ?? { rows: 0, right: 0, unknown: 0 };
  return {
    subject: labelOf(link),
    method: `every row: the user of ${link.from} by the map`,
    source: String(rows),
    target: `${right} equal`,
    equal: rows === right,
    ...(unknown === 0
      ? {}
      : { note: `${unknown} rows belong to users who were not imported and stay empty.` }),
  };
}

/** Gives tables the new ids next to the old ones, where the application’s ids are no uuids. */
export const usersLinksStep = defineStep<Ports, z.infer<typeof planSchema>, z.infer<typeof outputSchema>>({
  id: 'users.links',
  version: 2,
  title: 'Link rows to their Auth users',
  lane: 'users',
  needs: ['users.import', 'database.finish'],
  effect: 'create',
  planSchema,
  outputSchema,

  plan({ ports, signal }) {
    return ports.database.source.use(signal, async (source) => {
      if (!ports.database.target.configured) return { links: [], reachable: false };
      const mapping = await mappingInForce(source, ports.usersMapping);
      return { links: mapping === undefined ? [] : await planLinks(source, mapping), reachable: true };
    });
  },

  describe({ links, reachable }) {
    if (links.length === 0) {
      return {
        summary: reachable
          ? 'Nothing to link: rows hold the ids that stay.'
          : 'Nothing is linked: SUPABASE_DB_URL is not set.',
        details: [],
        warnings: [],
        units: [],
      };
    }
    return {
      summary: `Add ${links.map(labelOf).join(', ')}; old ids stay where they are.`,
      details: links.flatMap((link) => [...makeLinkSql(link), fillLinkSql(link)]),
      warnings: [],
      units: links.map((link) => ({ id: labelOf(link), label: labelOf(link) })),
    };
  },

  async check({ links }, { ports, signal }) {
    if (links.length === 0) return { state: 'satisfied', output: { filled: 0, absent: [] } };
    return ports.database.target.use(signal, async (target) => {
      for (const link of links) {
        const { column, ours } = await stateOf(target, link);
        if (!column || ours) continue;
        const error = new AppError(
          'TARGET_NOT_EMPTY',
          `${labelOf(link)} is there already and is not Cutover’s.`,
          {
            hint: 'Rename that column, or choose in the mapping to leave the ids as they are. Nothing was written.',
          },
        );
        return { state: 'conflict', error };
      }
      return { state: 'pending' };
    });
  },

  async run({ links }, context) {
    const absent: string[] = [];
    let filled = 0;
    for (const link of links) {
      const rows = await context.unit(labelOf(link), z.number().nullable(), () =>
        context.ports.database.target.use(context.signal, async (target) => {
          if (!(await stateOf(target, link)).table) return null;
          await target.execute('begin');
          for (const statement of makeLinkSql(link)) await target.execute(statement);
          // A trigger that notes when a row was changed has no business here.
          await silenceTriggers(target);
          const touched = await target.execute(fillLinkSql(link));
          await target.execute('commit');
          return touched;
        }),
      );
      if (rows === null) absent.push(labelOf(link));
      else filled += rows;
    }
    if (absent.length > 0) {
      await context.warn({
        code: 'USERS_LINKS_ABSENT',
        message: `${absent.join(', ')} could not be added, because the target has no such table yet.`,
        hint: 'Move the database too, or run the SQL of the plan’s details once the tables are there.',
      });
    }
    return { filled, absent };
  },

  async verify({ links }, output, { ports, signal }) {
    if (links.length === 0) return [];
    return ports.database.target.use(signal, async (target) => {
      const evidence: Evidence[] = [];
      for (const link of links) {
        if (!output.absent.includes(labelOf(link))) evidence.push(await compareLink(target, link));
      }
      return evidence;
    });
  },
});
