import type { Output } from './output';

/** Columns padded to their widest cell; numbers (`right`) to the right. */
export function table(rows: readonly (readonly string[])[], right: readonly number[] = []): string[] {
  const widths = rows.reduce<number[]>(
    (known, row) => row.map((cell, index) => Math.max(known[index] ?? 0, cell.length)),
    [],
  );
  return rows.map((row) =>
    row
      .map((cell, index) =>
        right.includes(index) ? cell.padStart(widths[index] ?? 0) : cell.padEnd(widths[index] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
}

/** A warning with its remedy. */
export function printWarning(output: Output, warning: { message: string; hint?: string | undefined }): void {
  output.line(`  ${output.paint('warn', '!')} ${warning.message}`);
  if (warning.hint !== undefined) output.line(`    ${warning.hint}`);
}
