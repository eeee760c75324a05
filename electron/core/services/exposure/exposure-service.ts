import type { ExposureFinding, ExposureProof, ExposureReport } from '#shared/contract/exposure';
import { AppError } from '#shared/model/errors';
import type { Database } from '../../ports/database';
import type { RestPort } from '../../ports/rest';
import { runWorkers } from '../../steps/common/run-workers';
import type { ActivityLog } from '../activity/activity-log';
import { readExposure } from './read-exposure';

/** Questions to the REST interface at a time. */
const questions = 4;

export interface ExposureServiceOptions {
  /** Opens the target and the REST interface for as long as `work` runs. */
  withTarget: <T>(work: (target: Database, rest: RestPort) => Promise<T>) => Promise<T>;
  activity(): ActivityLog;
}

/** What the publishable key reaches on the target, and how to close it. */
export interface ExposureService {
  /** Reads only. `ask`: also asks the REST interface for each table and view. */
  show(ask: boolean, signal: AbortSignal): Promise<ExposureReport>;
  /** Applies fixes that an operator read, in one transaction, and records them. Throws `PLAN_CHANGED` when one is another by now. */
  apply(fixes: readonly Pick<ExposureFinding, 'id' | 'sql'>[], signal: AbortSignal): Promise<string[]>;
}

async function askForAll(
  rest: RestPort,
  relations: readonly { schema: string; name: string }[],
  signal: AbortSignal,
): Promise<ExposureProof[]> {
  const proofs: ExposureProof[] = [];
  await runWorkers(relations, questions, async (relation) => {
    const object = `${relation.schema}.${relation.name}`;
    proofs.push({ object, ...(await rest.ask(relation, signal)) });
  });
  const order = { rows: 0, failed: 1, empty: 2, refused: 3 } as const;
  return proofs.sort((a, b) => order[a.answer] - order[b.answer] || a.object.localeCompare(b.object));
}

/** Makes the exposure service of a workspace. */
export function createExposureService({ withTarget, ...options }: ExposureServiceOptions): ExposureService {
  return {
    show: (ask, signal) =>
      withTarget(async (target, rest) => {
        const { schemas, relations, findings } = await target.use(signal, readExposure);
        return {
          at: new Date().toISOString(),
          schemas,
          findings,
          ...(ask ? { proofs: await askForAll(rest, relations, signal) } : {}),
        };
      }),

    apply: (fixes, signal) =>
      withTarget((target) =>
        target.use(signal, async (session) => {
          const now = new Map((await readExposure(session)).findings.map((finding) => [finding.id, finding]));
          for (const { id, sql } of fixes) {
            if (now.get(id)?.sql === sql) continue;
            throw new AppError('PLAN_CHANGED', `${id} is not as it was when its fix was read.`, {
              hint: 'Look again, then apply what is still to be done. Nothing was changed.',
            });
          }
          await session.execute(`begin; set local lock_timeout = '10s'`);
          for (const { sql } of fixes) await session.execute(sql);
          await session.execute(`commit; notify pgrst, 'reload schema'`);
          const ids = fixes.map(({ id }) => id);
          await options.activity().record({
            area: 'exposure',
            action: 'exposure.close',
            target: ids.map((id) => now.get(id)?.object ?? id).join(', '),
            outcome: 'done',
            before: { findings: ids },
            after: { sql: fixes.map(({ sql }) => sql) },
          });
          return ids;
        }),
      ),
  };
}
