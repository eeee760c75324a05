import { z } from 'zod';
import type { LinkAnswer, LinkCheck } from '#shared/contract/links';
import { AppError, isCancelled, toAppError } from '#shared/model/errors';
import type { DatabaseSession } from '../../ports/database';
import type { LinkPorts } from '../../ports/links';
import { runWorkers } from '../common/run-workers';
import { readLinkTables, type LinkTable } from './columns';
import { rewriteText } from './find-links';
import type { LinkRules } from './rules';
import { rewriteValue } from './shape';

const requestsAtOnce = 16;
const changesAtOnce = 500;
const examplesKept = 3;

const changeRow = z.object({
  id: z.string(),
  schema: z.string(),
  name: z.string(),
  old: z.record(z.string(), z.string()),
});

/** The addresses that a rewrite wrote, each once with its bucket, at most `limit`. */
async function writtenLinks(
  session: DatabaseSession,
  rewrite: string,
  rules: LinkRules,
  limit: number,
  signal: AbortSignal,
): Promise<{ urls: Map<string, string>; more: boolean }> {
  const tables = new Map<string, LinkTable>(
    (await readLinkTables(session)).map((table) => [JSON.stringify([table.schema, table.name]), table]),
  );
  const urls = new Map<string, string>();
  for (let after = '0'; ;) {
    signal.throwIfAborted();
    const changes = await session.query(
      changeRow,
      `select id::text as id, schema_name as schema, table_name as name, old_values as old from cutover_links.change
       where rewrite = $1 and id > $2::bigint and undone_at is null order by id limit ${changesAtOnce}`,
      [rewrite, after],
    );
    for (const change of changes) {
      const table = tables.get(JSON.stringify([change.schema, change.name]));
      for (const column of table?.columns ?? []) {
        const value = change.old[column.name];
        if (value === undefined) continue;
        rewriteValue(column.shape, value, (text) =>
          rewriteText(text, rules, ({ replacement, bucket }) => {
            if (replacement !== undefined) urls.set(replacement.url, bucket ?? '');
          }),
        );
        if (urls.size > limit) {
          const first = [...urls].slice(0, limit);
          return { urls: new Map(first), more: true };
        }
      }
    }
    const last = changes.at(-1);
    if (last === undefined) return { urls, more: false };
    after = last.id;
  }
}

function outcomeOf(status: number): LinkAnswer['outcome'] {
  if (status >= 200 && status < 300) return 'answers';
  if (status >= 300 && status < 400) return 'redirects';
  if (status === 404 || status === 410) return 'missing';
  return status === 401 || status === 403 ? 'refused' : 'fails';
}

/** Asks the public addresses for the links that a rewrite wrote, without a key, as a browser would. */
export async function checkLinks(
  session: DatabaseSession,
  web: LinkPorts,
  options: {
    rewrite: string;
    rules: LinkRules;
    limit: number;
    signal: AbortSignal;
    onProgress: (done: number, total: number) => void;
  },
): Promise<LinkCheck> {
  const { rewrite, rules, limit, signal, onProgress } = options;
  const { urls, more } = await writtenLinks(session, rewrite, rules, limit, signal);
  const answers = new Map<string, LinkAnswer>();
  let done = 0;
  await runWorkers([...urls], requestsAtOnce, async ([url, bucket]) => {
    const { outcome, answer } = await ask(web, url, signal);
    const id = JSON.stringify([bucket, outcome]);
    const known = answers.get(id) ?? { bucket, outcome, count: 0, examples: [] };
    answers.set(id, known);
    known.count += 1;
    if (known.examples.length < examplesKept) known.examples.push({ url, answer });
    done += 1;
    onProgress(done, urls.size);
  });
  return {
    asked: urls.size,
    more,
    answers: [...answers.values()].sort(
      (a, b) => a.bucket.localeCompare(b.bucket) || a.outcome.localeCompare(b.outcome),
    ),
  };
}

async function ask(
  web: LinkPorts,
  url: string,
  signal: AbortSignal,
): Promise<{ outcome: LinkAnswer['outcome']; answer: string }> {
  // A template in a configuration is a link by its form alone.
  if (!URL.canParse(url)) return { outcome: 'fails', answer: 'is not a valid address' };
  try {
    const { status } = await web.request(url, { method: 'HEAD' }, signal);
    return { outcome: outcomeOf(status), answer: `HTTP ${status}` };
  } catch (error) {
    if (isCancelled(error) || !(error instanceof AppError)) throw toAppError(error);
    return { outcome: 'fails', answer: error.code };
  }
}
