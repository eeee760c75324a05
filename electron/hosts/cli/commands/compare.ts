import type { Comparison, DifferenceKind, RowDifference, TableDifference } from '#shared/contract/comparison';
import { AppError } from '#shared/model/errors';
import type { CommandContext } from '../context';
import { type ExitCode, exitCodes } from '../exit-codes';
import type { Output } from '../output';
import { type SessionOptions, withSession } from '../session';
import { resultOf } from '../stream-result';
import { count } from '#shared/model/counted';

export interface CompareOptions extends SessionOptions {
  databases?: boolean;
  /** Labels. */
  table?: string[];
  rows?: number;
}

/** Differing rows that are shown for each table, unless the operator says otherwise. */
const usualRows = 10;

/** Compares the two databases that the settings name, as they are now. Reads only. */
export function compare(
  context: CommandContext,
  runId: string | undefined,
  options: CompareOptions,
): Promise<ExitCode> {
  if (runId !== undefined) {
    throw new AppError('INVALID_INPUT', 'A run can not be given with --databases.', {
      hint: 'Leave one of them out.',
    });
  }
  const { output, signal } = context;
  return withSession(context, options, { secrets: 'ask' }, async ({ handlers }) => {
    const input = { tables: options.table, rows: options.rows ?? usualRows };
    const events = handlers['databases.compare'](input, { signal, after: -1 });
    const found = await resultOf(output, 'Comparing', events);
    await output.document(found);
    printComparison(output, found);
    return found.equal ? exitCodes.done : exitCodes.differs;
  });
}

function printComparison(output: Output, { evidence, differences, equal }: Comparison): void {
  for (const item of evidence.filter((one) => !one.equal)) {
    output.line(`${output.paint('bad', 'differs')}  ${item.subject}`);
    output.line(`  source: ${item.source}`);
    output.line(`  target: ${item.target}`);
    if (item.note !== undefined) output.line(`  ${item.note}`);
  }
  for (const difference of differences) printDifference(output, difference);
  const same = evidence.filter((one) => one.equal).length;
  output.line(
    equal
      ? `${output.paint('good', 'Equal.')} ${count(same)} comparisons.`
      : `${count(same)} of ${count(evidence.length)} comparisons are equal.`,
  );
}

const kinds: Record<DifferenceKind, string> = {
  missing: 'missing on the target',
  extra: 'only on the target',
  changed: 'with other values',
};

const keyText = (key: readonly (string | null)[]): string => key.map((cell) => cell ?? 'NULL').join(', ');

function printDifference(output: Output, difference: TableDifference): void {
  if (difference.reason !== undefined) return;
  const { missing, extra, changed } = difference.counts;
  output.line(output.paint('bold', `Rows of ${difference.table}`));
  output.line(
    `  ${difference.complete ? '' : 'at least '}${count(missing)} missing, ${count(extra)} only on the target, ${count(changed)} with other values`,
  );
  for (const range of difference.ranges) {
    const from = keyText(range.from);
    const to = keyText(range.to);
    const where = from === to ? from : `${from} to ${to}`;
    output.line(`  ${difference.key.join(', ')} ${where}: ${count(range.rows)} ${kinds[range.kind]}`);
  }
  for (const row of difference.rows) printRow(output, difference, row);
}

function printRow(output: Output, { columns, key }: TableDifference, row: RowDifference): void {
  const name = key.length === 0 ? 'a row' : `${key.join(', ')} = ${keyText(row.key)}`;
  output.line(`  ${name}, ${kinds[row.kind]}`);
  const shown = row.kind === 'changed' ? row.differs : columns.map((_, index) => index);
  for (const index of shown) {
    const source = row.source?.[index];
    const target = row.target?.[index];
    if (row.kind !== 'extra') output.line(`    ${columns[index] ?? ''}  source: ${source ?? 'NULL'}`);
    if (row.kind !== 'missing') output.line(`    ${columns[index] ?? ''}  target: ${target ?? 'NULL'}`);
  }
}
