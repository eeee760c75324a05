import type { Row } from './rows.logic';

/** What is chosen in a list. Everything in a folder is told apart from many single rows, because not all may be listed yet. */
export interface Selection {
  /** By key. */
  chosen: ReadonlyMap<string, Row>;
  /** All of the folder, listed or not. */
  everything: boolean;
  /** The row that the keyboard is on. */
  active: number;
  /** Where a range begins. */
  anchor: number;
}

/** Rows that may be chosen one by one; more are chosen by their folder. */
export const mostChosen = 20_000;

export const nothingChosen: Selection = { chosen: new Map(), everything: false, active: 0, anchor: 0 };

/** Chooses one row alone. */
export function chooseOnly(index: number, row: Row): Selection {
  return { chosen: new Map([[row.key, row]]), everything: false, active: index, anchor: index };
}

/** Adds a row, or takes it out. */
export function toggleRow(selection: Selection, index: number, row: Row): Selection {
  const chosen = new Map(selection.everything ? [] : selection.chosen);
  if (!chosen.delete(row.key) && chosen.size < mostChosen) chosen.set(row.key, row);
  return { chosen, everything: false, active: index, anchor: index };
}

/** Chooses the rows of a range, which ends where the keyboard is then. */
export function chooseRange(selection: Selection, to: number, rows: readonly Row[]): Selection {
  return {
    ...selection,
    chosen: new Map(rows.slice(0, mostChosen).map((row) => [row.key, row])),
    everything: false,
    active: to,
  };
}

/** How many rows are chosen; undefined when it is everything. */
export function countChosen({ everything, chosen }: Selection): number | undefined {
  return everything ? undefined : chosen.size;
}

/** The keys and prefixes that an act takes. */
export function chosenKeys(
  { chosen, everything }: Selection,
  prefix: string,
): { keys: string[]; prefixes: string[] } {
  if (everything) return { keys: [], prefixes: [prefix] };
  const rows = [...chosen.values()];
  return {
    keys: rows.filter(({ kind }) => kind === 'object').map(({ key }) => key),
    prefixes: rows.filter(({ kind }) => kind === 'folder').map(({ key }) => key),
  };
}

/** Where a key of the keyboard leads; undefined for one that does not move. `page` is how many rows are in sight. */
export function moveActive(key: string, active: number, count: number, page: number): number | undefined {
  const within = (index: number) => Math.max(0, Math.min(count - 1, index));
  switch (key) {
    case 'ArrowDown':
      return within(active + 1);
    case 'ArrowUp':
      return within(active - 1);
    case 'PageDown':
      return within(active + page);
    case 'PageUp':
      return within(active - page);
    case 'Home':
      return 0;
    case 'End':
      return within(count - 1);
    default:
      return undefined;
  }
}
