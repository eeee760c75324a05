import {
  createSortedRowModel,
  rowSortingFeature,
  sortFn_alphanumeric,
  sortFn_basic,
  tableFeatures,
  useTable,
  type ColumnDef,
} from '@tanstack/react-table';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useMemo, useRef, type ReactNode } from 'react';
import styles from './data-table.module.css';
import { joinClasses } from './join-classes';

const features = tableFeatures({
  rowSortingFeature,
  sortedRowModel: createSortedRowModel(),
  sortFns: { alphanumeric: sortFn_alphanumeric, basic: sortFn_basic },
});

/** A column: what it sorts by, what it shows, how wide it is. */
export interface DataColumn<Row> {
  id: string;
  header: string;
  value: (row: Row) => string | number;
  /** What is shown; the value when absent. */
  cell?: (row: Row) => ReactNode;
  /** A CSS grid track: `minmax(160px, 1fr)`. */
  track: string;
  numeric?: boolean;
  mono?: boolean;
}

interface DataTableProps<Row> {
  label: string;
  /** Module-level or memoised: a new list makes the table start over. */
  columns: readonly DataColumn<Row>[];
  rows: readonly Row[];
  rowId: (row: Row) => string;
  /** The order before the operator chooses one; the rows' own when absent. */
  initialSort?: { id: string; desc: boolean };
  /** Pixels that the table may take before it scrolls. */
  maxHeight?: number;
  /** Pixels below which it scrolls sideways instead of squeezing. */
  minWidth?: number;
  /** Long texts take several lines instead of being cut off. */
  wrap?: boolean;
}

const rowHeight = 37;

/** A table of any length: only the rows in sight are drawn, and a screen reader is told how many there are. */
export function DataTable<Row extends object>({
  label,
  columns,
  rows,
  rowId,
  initialSort,
  maxHeight = 340,
  minWidth = 530,
  wrap = false,
}: DataTableProps<Row>) {
  const scroller = useRef<HTMLDivElement>(null);
  const data = useMemo(() => [...rows], [rows]);
  const definitions = useMemo(
    () =>
      columns.map((column): ColumnDef<typeof features, Row> => ({
        id: column.id,
        header: column.header,
        accessorFn: column.value,
        sortFn: column.numeric === true ? 'basic' : 'alphanumeric',
        sortDescFirst: column.numeric === true,
      })),
    [columns],
  );
  const table = useTable({
    features,
    columns: definitions,
    data,
    getRowId: rowId,
    enableMultiSort: false,
    initialState: { sorting: initialSort === undefined ? [] : [initialSort] },
  });
  const sorted = table.getRowModel().rows;
  const virtualizer = useVirtualizer({
    count: sorted.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    getItemKey: (index) => sorted[index]?.id ?? index,
    overscan: 6,
  });
  const grid = { gridTemplateColumns: columns.map((column) => column.track).join(' ') };
  return (
    <div
      className={styles.scroller}
      ref={scroller}
      style={{ maxHeight }}
      role="group"
      aria-label={label}
      tabIndex={0}
    >
      <div
        role="table"
        aria-label={label}
        aria-rowcount={sorted.length + 1}
        aria-colcount={columns.length}
        style={{ minWidth }}
      >
        <div role="rowgroup" className={styles.head}>
          <div role="row" aria-rowindex={1} className={styles.row} style={grid}>
            {columns.map((column) => {
              const sort = table.getColumn(column.id)?.getIsSorted();
              const order = sort === 'asc' ? 'ascending' : sort === 'desc' ? 'descending' : 'none';
              return (
                <div
                  key={column.id}
                  role="columnheader"
                  aria-sort={order}
                  className={joinClasses(styles.header, column.numeric === true && 'num')}
                >
                  <button type="button" onClick={() => table.getColumn(column.id)?.toggleSorting()}>
                    {column.header}
                    <span aria-hidden="true">
                      {order === 'ascending' ? ' ↑' : order === 'descending' ? ' ↓' : ''}
                    </span>
                  </button>
                </div>
              );
            })}
          </div>
        </div>
        <div role="rowgroup" className={styles.body} style={{ height: virtualizer.getTotalSize() }}>
          {virtualizer.getVirtualItems().map((item) => {
            const row = sorted[item.index]?.original;
            if (row === undefined) return null;
            return (
              <div
                key={item.key}
                role="row"
                aria-rowindex={item.index + 2}
                className={joinClasses(styles.row, styles.bodyRow)}
                ref={wrap ? virtualizer.measureElement : undefined}
                data-index={item.index}
                data-wrap={wrap}
                style={{ ...grid, minHeight: rowHeight, transform: `translateY(${item.start}px)` }}
              >
                {columns.map((column) => (
                  <div
                    key={column.id}
                    role="cell"
                    className={joinClasses(
                      styles.cell,
                      column.numeric === true && 'num',
                      column.mono === true && 'mono',
                    )}
                  >
                    {column.cell === undefined ? column.value(row) : column.cell(row)}
                  </div>
                ))}
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}
