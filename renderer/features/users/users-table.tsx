import { Checkbox } from '@mantine/core';
import { defaultRangeExtractor, useVirtualizer } from '@tanstack/react-virtual';
import { useRef, useState, type KeyboardEvent } from 'react';
import { flushSync } from 'react-dom';
import { userLabel, type UserSummary } from '#shared/model/users';
import { userColumns, type ColumnId } from './columns';
import styles from './users.module.css';
import { useUsersView } from './view-store';

const rowHeight = 37;
/** Rows before the end at which the next page is asked for. */
const ahead = 40;

interface UsersTableProps {
  users: readonly UserSummary[];
  /** Of all that fit; undefined where nobody knows. */
  total: number | undefined;
  opened: string | undefined;
  onOpen: (id: string) => void;
  selected: ReadonlySet<string>;
  onSelect: (ids: readonly string[], wanted: boolean) => void;
  /** Absent at the end of the list. */
  more?: (() => void) | undefined;
}

function HeaderCell({ column }: { column: ColumnId }) {
  const { sort, sortBy } = useUsersView();
  const { header, sort: by } = userColumns[column];
  if (by === undefined) {
    return (
      <div role="columnheader" className={styles.header}>
        {header}
      </div>
    );
  }
  const order = sort.by !== by ? 'none' : sort.descending ? 'descending' : 'ascending';
  return (
    <div role="columnheader" aria-sort={order} className={styles.header}>
      <button type="button" onClick={() => sortBy(by)}>
        {header}
        <span aria-hidden="true">{order === 'ascending' ? ' ↑' : order === 'descending' ? ' ↓' : ''}</span>
      </button>
    </div>
  );
}

/** Keys that move from row to row, by how many rows. */
const moves: Record<string, number> = {
  ArrowDown: 1,
  ArrowUp: -1,
  PageDown: 15,
  PageUp: -15,
  Home: -Infinity,
  End: Infinity,
};

/** Users in the order that the service gives them. Only the rows in sight are drawn; further pages come as one scrolls. */
export function UsersTable({ users, total, opened, onOpen, selected, onSelect, more }: UsersTableProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const columns = useUsersView((view) => view.columns);
  // One row takes part in the tab order; arrows move it.
  const [active, setActive] = useState(0);
  const current = Math.min(active, Math.max(0, users.length - 1));
  const virtualizer = useVirtualizer({
    count: users.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    getItemKey: (index) => users[index]?.id ?? index,
    overscan: 10,
    // The row of the keyboard stays drawn wherever one scrolls to: a focused row that went would take the keyboard with it.
    rangeExtractor: (range) =>
      [...new Set([...defaultRangeExtractor(range), ...(current < range.count ? [current] : [])])].sort(
        (a, b) => a - b,
      ),
    onChange: ({ range }) => {
      if (range !== null && range.endIndex >= users.length - ahead) more?.();
    },
  });
  const move = (event: KeyboardEvent) => {
    const step = moves[event.key];
    if (step === undefined || users.length === 0) return;
    event.preventDefault();
    const next = Math.min(users.length - 1, Math.max(0, current + step));
    flushSync(() => setActive(next));
    virtualizer.scrollToIndex(next);
    const wanted = event.target instanceof HTMLInputElement ? 'input' : 'button';
    scroller.current
      ?.querySelector<HTMLElement>(`[data-index="${next}"] ${wanted}`)
      ?.focus({ preventScroll: true });
  };
  const grid = {
    gridTemplateColumns: `38px ${columns.map((id) => userColumns[id].track).join(' ')}`,
  };
  const allSelected = users.length > 0 && users.every((user) => selected.has(user.id));
  return (
    <div className={styles.scroller} ref={scroller} role="group" aria-label="Users" tabIndex={-1}>
      <div
        role="table"
        aria-label="Users"
        aria-rowcount={total === undefined ? -1 : total + 1}
        aria-colcount={columns.length + 1}
        style={{ minWidth: 38 + columns.length * 146 }}
      >
        <div role="rowgroup" className={styles.head}>
          <div role="row" aria-rowindex={1} className={styles.row} style={grid}>
            <div role="columnheader" className={styles.check}>
              <Checkbox
                aria-label="Select the loaded users"
                checked={allSelected}
                indeterminate={!allSelected && selected.size > 0}
                onChange={(event) =>
                  onSelect(
                    users.map((user) => user.id),
                    event.currentTarget.checked,
                  )
                }
              />
            </div>
            {columns.map((column) => (
              <HeaderCell key={column} column={column} />
            ))}
          </div>
        </div>
        <div
          role="rowgroup"
          className={styles.rows}
          style={{ height: virtualizer.getTotalSize() }}
          onKeyDown={move}
        >
          {virtualizer.getVirtualItems().map((item) => {
            const user = users[item.index];
            if (user === undefined) return null;
            const label = userLabel(user);
            const tabIndex = item.index === current ? 0 : -1;
            return (
              <div
                key={item.key}
                role="row"
                aria-rowindex={item.index + 2}
                aria-selected={selected.has(user.id)}
                data-index={item.index}
                data-opened={user.id === opened}
                className={styles.bodyRow}
                style={{ ...grid, height: rowHeight, transform: `translateY(${item.start}px)` }}
                onClick={() => {
                  setActive(item.index);
                  onOpen(user.id);
                }}
              >
                <div role="cell" className={styles.check} onClick={(event) => event.stopPropagation()}>
                  <Checkbox
                    aria-label={`Select ${label}`}
                    tabIndex={tabIndex}
                    checked={selected.has(user.id)}
                    onChange={(event) => onSelect([user.id], event.currentTarget.checked)}
                  />
                </div>
                {columns.map((id, place) => {
                  const { cell, mono } = userColumns[id];
                  return (
                    <div key={id} role="cell" className={mono === true ? `${styles.cell} mono` : styles.cell}>
                      {place === 0 ? (
                        <button
                          type="button"
                          className={styles.open}
                          tabIndex={tabIndex}
                          aria-expanded={user.id === opened}
                        >
                          {cell(user)}
                        </button>
                      ) : (
                        cell(user)
                      )}
                    </div>
                  );
                })}
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}
