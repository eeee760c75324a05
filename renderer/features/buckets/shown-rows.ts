import { useEffect, useMemo, useState } from 'react';
import { fixedRows, type RowList } from './listing';
import { useRowListState, type Found } from './queries';
import { mergeRows, sortRows, type Row, type SortOrder } from './rows.logic';

/** Rows that are sorted in the page; a longer folder stays in the order of its keys. */
const mostSorted = 20_000;

/** The rows of a folder that is listed whole and not too long; undefined while they are not there. */
function useWholeFolder(listing: RowList, wanted: boolean): readonly Row[] | undefined {
  const [held, setHeld] = useState<{ listing: RowList; rows: readonly Row[] }>();
  useEffect(() => {
    if (!wanted) return undefined;
    const stop = new AbortController();
    const { known } = listing.state();
    listing.rows(0, known - 1, stop.signal).then(
      (rows) => {
        if (!stop.signal.aborted) setHeld({ listing, rows });
      },
      () => undefined,
    );
    return () => stop.abort();
  }, [listing, wanted]);
  return held?.listing === listing ? held.rows : undefined;
}

/** What the list shows: the folder as it is listed, or sorted, or what a search has found. */
export function useShownRows(
  listing: RowList,
  found: Found | undefined,
  sort: SortOrder | undefined,
): { list: RowList; sortable: boolean } {
  const state = useRowListState(listing);
  const sortable = found === undefined && state.complete && state.known > 0 && state.known <= mostSorted;
  const whole = useWholeFolder(listing, sortable);
  const list = useMemo(() => {
    if (found !== undefined) {
      const rows = mergeRows([], found.objects);
      return fixedRows(rows, { known: rows.length, complete: found.done, loading: false, error: undefined });
    }
    if (whole === undefined) return listing;
    const rows = sortRows(whole, sort ?? { by: 'name', descending: false });
    const numbers = new Map(whole.map((row, index) => [row.key, index]));
    const stateOf = (key: string) => listing.objectState(numbers.get(key) ?? -1);
    return { ...fixedRows(rows, state, stateOf), subscribe: listing.subscribe, state: listing.state };
  }, [listing, found, whole, sort, state]);
  return { list, sortable: sortable && whole !== undefined };
}
