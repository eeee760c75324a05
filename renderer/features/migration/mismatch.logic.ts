import type { DifferenceKind, TableDifference } from '#shared/contract/comparison';
import type { StepView } from '#shared/model/run';

/** The tables whose rows a verification found to differ: comparisons that are named after what the same step copied. */
export function differingTables(steps: readonly StepView[]): string[] {
  return steps.flatMap((step) =>
    step.evidence
      .filter(
        ({ equal, subject }) =>
          !equal &&
          step.lane === 'database' &&
          step.units.some(({ id }) => id === subject || id.startsWith(`${subject}, part `)),
      )
      .map(({ subject }) => subject),
  );
}

export const kindNames: Record<DifferenceKind, string> = {
  missing: 'Missing on the target',
  extra: 'Only on the target',
  changed: 'Other values',
};

const keyText = (key: readonly (string | null)[]): string => key.map((cell) => cell ?? 'NULL').join(', ');

/** A range of keys in words. */
export function rangeText(range: TableDifference['ranges'][number]): string {
  const from = keyText(range.from);
  const to = keyText(range.to);
  return from === to ? from : `${from} to ${to}`;
}

/** One value of a differing row, as both sides have it. */
export interface CellRow {
  id: string;
  row: string;
  kind: string;
  column: string;
  source: string;
  target: string;
}

/** The values in which rows differ; of a row that only one side has, all of them. */
export function cellRows({ rows, columns, key }: TableDifference): CellRow[] {
  return rows.flatMap((row, place) => {
    const shown = row.kind === 'changed' ? row.differs : columns.map((_, index) => index);
    return shown.map((index) => ({
      id: `${place} ${index}`,
      row: key.length === 0 ? `row ${place + 1}` : keyText(row.key),
      kind: kindNames[row.kind],
      column: columns[index] ?? '',
      source: row.source === null ? '' : (row.source[index] ?? 'NULL'),
      target: row.target === null ? '' : (row.target[index] ?? 'NULL'),
    }));
  });
}
