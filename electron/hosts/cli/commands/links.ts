import type { LinkFindings } from '#shared/contract/links';
import { AppError } from '#shared/model/errors';
import type { CommandContext } from '../context';
import { type ExitCode, exitCodes } from '../exit-codes';
import type { Output } from '../output';
import { confirm } from '../prompt';
import { type Session, type SessionOptions, withSession } from '../session';
import { resultOf } from '../stream-result';
import { count } from '#shared/model/counted';
import { table } from '../text';
import { run } from './run';

export interface FindOptions extends SessionOptions {
  side?: 'source' | 'target';
  samples?: number;
}

/** Counts the links of the old storage in every text of a database; with `samples`, shows what would become of them. Reads only. */
export function findLinks(context: CommandContext, options: FindOptions): Promise<ExitCode> {
  const { output, signal } = context;
  const { side = 'target', samples = 0 } = options;
  return withSession(context, options, { secrets: 'ask' }, async ({ handlers }) => {
    const events = handlers['links.find']({ side, samples }, { signal, after: -1 });
    const found = await resultOf(output, 'Looking for links', events);
    await output.document(found);
    printFindings(output, found);
    return exitCodes.done;
  });
}

const triggerTexts = {
  replica: 'Triggers do not fire: the session replays changes as a replica does.',
  disabled:
    'Triggers do not fire: each batch switches the table’s own off and on again, and other writers wait for it.',
} as const;

function printFindings(output: Output, found: LinkFindings): void {
  output.line(
    `Looked for ${found.addresses.join(', ')} in ${count(found.tables)} tables of the ${found.side}.`,
  );
  for (const { bucket, address } of found.buckets)
    output.line(`  ${bucket} → ${address ?? 'no public address: its links stay'}`);
  if (found.triggers !== undefined) output.line(triggerTexts[found.triggers]);
  const rows = found.columns.map((column) => [
    `  ${column.schema}.${column.table}.${column.column}`,
    column.type,
    count(column.rows),
    count(column.links),
    count(column.signed),
    count(Object.values(column.left).reduce((sum, number) => sum + number, 0)),
    column.fixed ?? '',
  ]);
  if (rows.length === 0) output.line('There is no link to the old storage.');
  else {
    const header = ['  column', 'type', 'rows', 'links', 'signed', 'stay', 'not rewritten: '];
    for (const line of table([header, ...rows], [2, 3, 4, 5])) output.line(line);
  }
  for (const column of found.columns) {
    if (column.samples.length === 0) continue;
    output.line(output.paint('bold', `${column.schema}.${column.table}.${column.column}`));
    for (const { before, after } of column.samples) {
      output.line(`  - ${before}`);
      output.line(after === undefined ? output.paint('dim', '    stays') : `  + ${after}`);
    }
  }
  for (const { kind, name } of found.definitions)
    output.line(`${output.paint('warn', '!')} The ${kind} ${name} names the old storage. Change it by hand.`);
}

/** Rewrites the links on the target: a run of its own, planned, journalled and resumable. */
export function rewriteLinks(
  context: CommandContext,
  options: SessionOptions & { yes?: boolean },
): Promise<ExitCode> {
  return run(context, { ...options, only: ['links'] });
}

/** Lists the rewrites whose old values the target still has. */
export function linkRewrites(context: CommandContext, options: SessionOptions): Promise<ExitCode> {
  const { output, signal } = context;
  return withSession(context, options, { secrets: 'ask' }, async ({ handlers }) => {
    const rewrites = await handlers['links.rewrites']({}, { signal });
    await output.document(rewrites);
    if (rewrites.length === 0) output.line('The target has no record of a rewrite.');
    else {
      const rows = rewrites.map(({ id, rows: all, undone, left }) => [
        id,
        count(all),
        count(undone),
        count(left),
      ]);
      for (const line of table([['rewrite', 'rows', 'undone', 'not undone'], ...rows], [1, 2, 3]))
        output.line(line);
    }
    return exitCodes.done;
  });
}

async function newest(session: Session, given: string | undefined, signal: AbortSignal): Promise<string> {
  if (given !== undefined) return given;
  const [first] = await session.handlers['links.rewrites']({}, { signal });
  if (first !== undefined) return first.id;
  throw new AppError('NOT_FOUND', 'The target has no record of a rewrite.', {
    hint: 'Rewrite links first with cutover links rewrite.',
  });
}

/** Asks the public addresses for the links that a rewrite wrote; exit code 4 when one does not answer. */
export function checkLinks(
  context: CommandContext,
  rewrite: string | undefined,
  options: SessionOptions & { limit?: number },
): Promise<ExitCode> {
  const { output, signal } = context;
  return withSession(context, options, { secrets: 'ask' }, async (session) => {
    const input = { rewrite: await newest(session, rewrite, signal), limit: options.limit ?? 10_000 };
    const events = session.handlers['links.check'](input, { signal, after: -1 });
    const check = await resultOf(output, 'Asking', events);
    await output.document(check);
    output.line(`${count(check.asked)} different links asked${check.more ? '; there are more' : ''}.`);
    for (const { bucket, outcome, count: number, examples } of check.answers) {
      output.line(
        `  ${output.paint(outcome === 'answers' ? 'good' : 'bad', outcome)}  ${bucket}: ${count(number)}`,
      );
      if (outcome === 'answers') continue;
      for (const { url, answer } of examples) output.line(`    ${url}  ${answer}`);
    }
    return check.answers.every(({ outcome }) => outcome === 'answers') ? exitCodes.done : exitCodes.differs;
  });
}

async function agreed(
  { terminal, output, signal }: CommandContext,
  yes: boolean | undefined,
  question: string,
): Promise<boolean> {
  if (yes === true) return true;
  if (terminal === undefined || output.json) {
    throw new AppError('INVALID_INPUT', 'This writes to the target, and there is no terminal to ask on.', {
      hint: 'Add --yes.',
    });
  }
  return confirm(terminal, question, signal);
}

/** Gives rows their old links back; exit code 4 when some stay because they changed since. */
export function undoLinks(
  context: CommandContext,
  rewrite: string | undefined,
  options: SessionOptions & { yes?: boolean },
): Promise<ExitCode> {
  const { output, signal } = context;
  return withSession(context, options, { secrets: 'ask' }, async (session) => {
    const id = await newest(session, rewrite, signal);
    if (!(await agreed(context, options.yes, `Give the rows of rewrite ${id} their old links back?`)))
      return exitCodes.cancelled;
    const events = session.handlers['links.undo']({ rewrite: id }, { signal, after: -1 });
    const undone = await resultOf(output, 'Undoing', events);
    await output.document(undone);
    output.line(`${count(undone.restored)} rows have their old links again.`);
    if (undone.left > 0) output.line(`${count(undone.left)} rows stay: they were changed or removed since.`);
    return undone.left > 0 ? exitCodes.differs : exitCodes.done;
  });
}

/** Removes the old values from the target for good. */
export function forgetLinks(
  context: CommandContext,
  options: SessionOptions & { yes?: boolean },
): Promise<ExitCode> {
  const { output, signal } = context;
  return withSession(context, options, { secrets: 'ask' }, async ({ handlers }) => {
    const rewrites = await handlers['links.rewrites']({}, { signal });
    const rows = rewrites.reduce((sum, rewrite) => sum + rewrite.rows, 0);
    const question = `Remove the old values of ${count(rows)} rows? No rewrite can be undone any more.`;
    if (!(await agreed(context, options.yes, question))) return exitCodes.cancelled;
    await handlers['links.forget']({}, { signal });
    await output.document({ removed: rewrites.length });
    output.line('The old values are removed.');
    return exitCodes.done;
  });
}
