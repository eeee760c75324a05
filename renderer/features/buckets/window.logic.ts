/** Pixels of one row. */
export const rowHeight = 37;
/** Rows of one stretch: browsers draw no element that is higher than about 33 million pixels. */
export const stretchRows = 400_000;
const stepRows = 200_000;
/** Rows from an end of the stretch at which the next one takes over. */
const marginRows = 20_000;

/**
 * The first row of the stretch that is drawn, given the one now, the row at the top of the window and how many rows are known. When it
 * changes, the scroll position has to change by the same number of rows.
 */
export function stretchStart(start: number, top: number, known: number): number {
  if (top - start > stretchRows - marginRows && start + stretchRows < known) return start + stepRows;
  if (start > 0 && top - start < marginRows) return Math.max(0, start - stepRows);
  return start;
}
