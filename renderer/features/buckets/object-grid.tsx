import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useId, useRef, useState, type KeyboardEvent, type MouseEvent } from 'react';
import { plural } from '../../ui/format';
import { joinClasses } from '../../ui/join-classes';
import styles from './buckets.module.css';
import type { ListingState, RowList } from './listing';
import { ObjectRow } from './object-row';
import type { Row, SortColumn, SortOrder, View } from './rows.logic';
import {
  chooseOnly,
  chooseRange,
  mostChosen,
  moveActive,
  nothingChosen,
  toggleRow,
  type Selection,
} from './selection.logic';
import { rowHeight, stretchRows, stretchStart } from './window.logic';

interface ObjectGridProps {
  label: string;
  view: View;
  /** Names are shown from behind it. */
  prefix: string;
  list: RowList;
  state: ListingState;
  selection: Selection;
  onSelect: (selection: Selection) => void;
  onOpen: (row: Row) => void;
  onUp: () => void;
  onDelete: (() => void) | undefined;
  /** Absent where everything can’t be chosen at once. */
  canChooseAll: boolean;
  sort: SortOrder | undefined;
  /** Absent while the rows can't be sorted honestly. */
  onSort: ((by: SortColumn) => void) | undefined;
}

interface Column {
  label: string;
  numeric?: true;
  /** Absent: nothing is sorted by it. */
  by?: SortColumn;
}

const ofOneSide: readonly Column[] = [
  { label: 'Name', by: 'name' },
  { label: 'Size', by: 'size', numeric: true },
  { label: 'Modified', by: 'modified' },
  { label: 'Migration' },
];
const ofBothSides: readonly Column[] = [
  { label: 'Name' },
  { label: 'Migration' },
  { label: 'Size on MinIO', numeric: true },
  { label: 'Modified on MinIO' },
  { label: 'Size on R2', numeric: true },
  { label: 'Modified on R2' },
];

/** Rows of any number: only those in sight are drawn. One place in the order of Tab; arrows, Space, Enter and Ctrl A work inside. */
export function ObjectGrid(props: ObjectGridProps) {
  const { label, view, prefix, list, state, selection, onSelect, onOpen, sort, onSort } = props;
  const columns = view === 'both' ? ofBothSides : ofOneSide;
  const wide = view === 'both' && styles.both;
  const scroller = useRef<HTMLDivElement>(null);
  const [start, setStart] = useState(0);
  const id = useId();
  const known = state.known;
  const count = Math.max(0, Math.min(known - start, stretchRows));
  const virtualizer = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 10,
    scrollPaddingStart: rowHeight,
  });
  const items = virtualizer.getVirtualItems();
  const first = start + (items[0]?.index ?? 0);
  const last = start + (items.at(-1)?.index ?? 0);
  useEffect(() => list.want(first, last), [list, first, last, state]);

  const onScroll = () => {
    const box = scroller.current;
    if (box === null) return;
    const to = stretchStart(start, start + Math.floor(box.scrollTop / rowHeight), known);
    if (to === start) return;
    box.scrollTop -= (to - start) * rowHeight;
    setStart(to);
  };
  const reveal = (index: number) => {
    const to = index < start || index >= start + stretchRows ? Math.max(0, index - stretchRows / 2) : start;
    if (to !== start) setStart(to);
    virtualizer.scrollToIndex(index - to);
  };
  const chooseTo = async (index: number) => {
    const from = Math.min(selection.anchor, index);
    const to = Math.min(Math.max(selection.anchor, index), from + mostChosen - 1);
    onSelect(chooseRange(selection, index, await list.rows(from, to)));
  };

  const onKey = (event: KeyboardEvent) => {
    if (event.target !== event.currentTarget) return;
    const control = event.ctrlKey || event.metaKey;
    const active = Math.min(selection.active, known - 1);
    const row = list.row(active);
    const moved = moveActive(
      event.key,
      active,
      known,
      Math.max(1, Math.floor(virtualizer.scrollRect?.height ?? 0) / rowHeight - 2) | 0,
    );
    if (moved !== undefined && known > 0) {
      event.preventDefault();
      reveal(moved);
      const next = list.row(moved);
      if (event.shiftKey) void chooseTo(moved);
      else if (control || next === undefined) onSelect({ ...selection, active: moved });
      else onSelect(chooseOnly(moved, next));
      return;
    }
    if (event.key === 'Enter' && row !== undefined) onOpen(row);
    else if (event.key === ' ' && row !== undefined) onSelect(toggleRow(selection, active, row));
    else if (event.key === 'Backspace') props.onUp();
    else if (event.key === 'Delete') props.onDelete?.();
    else if (event.key === 'Escape') onSelect({ ...nothingChosen, active });
    else if (control && event.key.toLowerCase() === 'a' && props.canChooseAll)
      onSelect({ ...nothingChosen, active, everything: true });
    else return;
    event.preventDefault();
  };

  const onRow = (event: MouseEvent, index: number, row: Row) => {
    scroller.current?.focus({ preventScroll: true });
    if (event.shiftKey) void chooseTo(index);
    else if (event.ctrlKey || event.metaKey) onSelect(toggleRow(selection, index, row));
    else {
      onSelect(chooseOnly(index, row));
      if (row.kind === 'object') onOpen(row);
    }
  };

  const activeShown = selection.active >= first && selection.active <= last && known > 0;
  return (
    <div
      ref={scroller}
      className={styles.scroller}
      role="grid"
      aria-label={label}
      aria-multiselectable="true"
      aria-rowcount={state.complete ? known + 1 : -1}
      aria-colcount={columns.length + 1}
      aria-activedescendant={activeShown ? `${id}-${selection.active}` : undefined}
      tabIndex={0}
      onScroll={onScroll}
      onKeyDown={onKey}
    >
      <div role="rowgroup" className={styles.head}>
        <div role="row" aria-rowindex={1} className={joinClasses(styles.row, wide)}>
          <div role="columnheader" className={styles.headCell}>
            <span className="sr-only">Chosen</span>
          </div>
          {columns.map(({ by, label: text, numeric }) => (
            <div
              key={text}
              role="columnheader"
              className={joinClasses(styles.headCell, numeric && 'num')}
              aria-sort={
                by === undefined
                  ? undefined
                  : sort?.by !== by
                    ? 'none'
                    : sort.descending
                      ? 'descending'
                      : 'ascending'
              }
            >
              {by === undefined ? (
                text
              ) : (
                <button
                  type="button"
                  disabled={onSort === undefined}
                  title={
                    onSort === undefined ? 'Only a folder that is listed whole can be sorted.' : undefined
                  }
                  onClick={() => onSort?.(by)}
                >
                  {text}
                  <span aria-hidden="true">{sort?.by === by ? (sort.descending ? ' ↓' : ' ↑') : ''}</span>
                </button>
              )}
            </div>
          ))}
        </div>
      </div>
      <div
        role="rowgroup"
        className={joinClasses(styles.rows, wide)}
        style={{ height: virtualizer.getTotalSize() }}
        aria-label={plural(known, 'row')}
      >
        {items.map((item) => {
          const index = start + item.index;
          return (
            <ObjectRow
              key={index}
              id={`${id}-${index}`}
              index={index}
              offset={item.start}
              view={view}
              prefix={prefix}
              row={list.row(index)}
              state={list.objectState(index)}
              active={index === selection.active}
              chosen={selection.everything || selection.chosen.has(list.row(index)?.key ?? '')}
              onPress={onRow}
              onToggle={(row) => onSelect(toggleRow(selection, index, row))}
              onOpen={(row) => {
                onSelect(chooseOnly(index, row));
                onOpen(row);
              }}
            />
          );
        })}
      </div>
    </div>
  );
}
