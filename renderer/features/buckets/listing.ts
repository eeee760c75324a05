import type { ListedObject } from '#shared/model/buckets';
import { toAppError, type AppError } from '#shared/model/errors';
import { stateOf, type ObjectState } from '#shared/model/object-state';
import type { Row } from './rows.logic';

interface ListedPage {
  rows: readonly Row[];
  next?: string | undefined;
}

/** What the other side has of one page, as far as it is known. */
interface OtherSide {
  /** Absent: it has no such bucket. */
  objects?: readonly ListedObject[] | undefined;
  knownThrough?: string | undefined;
}

/** Where a listing gets its pages. */
export interface ListingSource {
  page(token: string | undefined, signal: AbortSignal): Promise<ListedPage>;
  /** Asked after a page has come; a failure only leaves its states unknown. Absent where the rows tell of both sides. */
  others?(after: string | undefined, through: string | undefined, signal: AbortSignal): Promise<OtherSide>;
}

/** What a listing knows so far. A new object whenever something changed. */
export interface ListingState {
  /** Rows that were listed, whether they are held or not. */
  known: number;
  /** There are no further rows. */
  complete: boolean;
  loading: boolean;
  error: AppError | undefined;
}

/** Rows by number, however many there are. */
export interface RowList {
  subscribe: (changed: () => void) => () => void;
  state: () => ListingState;
  /** Undefined while the row is not held. */
  row(index: number): Row | undefined;
  /** How the row stands to the other side; undefined while it is not known, and for folders. */
  objectState(index: number): ObjectState | undefined;
  /** Sees to it that these rows are held, and asks for the next page when the last of them is near the end. */
  want(first: number, last: number): void;
  /** Rows from one number to another, both included; reads again those that are not held. */
  rows(first: number, last: number, signal?: AbortSignal): Promise<Row[]>;
  /** Asks again for what failed. */
  retry(): void;
}

interface PagePlace {
  token: string | undefined;
  start: number;
  count: number;
  /** The last key or prefix of the page before, and of this one. */
  after: string | undefined;
  last: string | undefined;
}

interface HeldPage {
  rows: readonly Row[];
  states: ReadonlyMap<string, ObjectState> | undefined;
}

/** Rows left below the window at which the next page is asked for. */
const ahead = 500;

/**
 * A folder of any length, page by page: it remembers where each page begins, and holds the rows of the last pages that were looked at,
 * so its memory is bounded whatever the folder holds. When nobody listens any more, what is under way ends.
 */
export function createListing(source: ListingSource, pagesHeld = 30): RowList {
  const places: PagePlace[] = [];
  const held = new Map<number, HeldPage>();
  const loading = new Map<number, Promise<readonly Row[]>>();
  const listeners = new Set<() => void>();
  let stop = new AbortController();
  let next: { token: string | undefined } | undefined = { token: undefined };
  let failed: { page: number; error: AppError } | undefined;
  let snapshot: ListingState = { known: 0, complete: false, loading: false, error: undefined };

  const changed = (): void => {
    const last = places.at(-1);
    snapshot = {
      known: last === undefined ? 0 : last.start + last.count,
      complete: next === undefined,
      loading: loading.size > 0,
      error: failed?.error,
    };
    for (const listener of listeners) listener();
  };

  const pageOf = (index: number): number => {
    let low = 0;
    let high = places.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((places[middle]?.start ?? 0) <= index) low = middle;
      else high = middle - 1;
    }
    return low;
  };

  const hold = (page: number, value: HeldPage): void => {
    held.delete(page);
    held.set(page, value);
    for (const oldest of held.keys()) {
      if (held.size <= pagesHeld) break;
      held.delete(oldest);
    }
  };

  const readStates = async (page: number, rows: readonly Row[], signal: AbortSignal): Promise<void> => {
    const place = places[page];
    if (source.others === undefined || place === undefined || !rows.some(({ kind }) => kind === 'object'))
      return;
    const through = next === undefined && page === places.length - 1 ? undefined : place.last;
    const { objects, knownThrough } = await source.others(place.after, through, signal);
    const others = new Map((objects ?? []).map((object) => [object.key, object]));
    const beyond = knownThrough === undefined ? -1 : rows.findLastIndex(({ key }) => key === knownThrough);
    const sure = knownThrough === undefined ? rows : rows.slice(0, beyond + 1);
    const states = new Map<string, ObjectState>();
    for (const row of sure) {
      if (row.kind === 'object') states.set(row.key, stateOf(row.object, others.get(row.key)));
    }
    if (held.has(page)) hold(page, { rows, states });
    changed();
  };

  const read = async (page: number, signal: AbortSignal): Promise<readonly Row[]> => {
    const known = places[page];
    const token = known === undefined ? next?.token : known.token;
    const listed = await source.page(token, signal);
    const { rows } = listed;
    if (known === undefined) {
      const before = places.at(-1);
      places.push({
        token,
        start: before === undefined ? 0 : before.start + before.count,
        count: rows.length,
        after: before?.last,
        last: rows.at(-1)?.key ?? before?.last,
      });
      next = listed.next === undefined ? undefined : { token: listed.next };
    }
    // A page that is read again may have changed; it keeps its place, so rows never move under the eye.
    const kept = known === undefined ? rows : rows.slice(0, known.count);
    hold(page, { rows: kept, states: undefined });
    void readStates(page, kept, signal).catch(() => undefined);
    return kept;
  };

  const load = (page: number): Promise<readonly Row[]> => {
    const under = loading.get(page);
    if (under !== undefined) return under;
    const { signal } = stop;
    const reading = read(page, signal).then(
      (rows) => {
        loading.delete(page);
        if (failed?.page === page) failed = undefined;
        changed();
        return rows;
      },
      (error: unknown) => {
        loading.delete(page);
        if (!signal.aborted) failed = { page, error: toAppError(error) };
        changed();
        throw error;
      },
    );
    loading.set(page, reading);
    changed();
    return reading;
  };

  const want = (first: number, last: number): void => {
    if (failed !== undefined) return;
    if (places.length > 0) {
      for (let page = pageOf(first); page <= pageOf(last); page += 1) {
        const value = held.get(page);
        if (value === undefined) void load(page).catch(() => undefined);
        else hold(page, value);
      }
    }
    if (next !== undefined && last + ahead >= snapshot.known) void load(places.length).catch(() => undefined);
  };

  return {
    subscribe: (listener) => {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        stop.abort();
        stop = new AbortController();
      };
    },
    state: () => snapshot,
    row: (index) => {
      const page = pageOf(index);
      return held.get(page)?.rows[index - (places[page]?.start ?? 0)];
    },
    objectState: (index) => {
      const page = held.get(pageOf(index));
      const row = page?.rows[index - (places[pageOf(index)]?.start ?? 0)];
      return row === undefined ? undefined : page?.states?.get(row.key);
    },
    want,
    rows: async (first, last, signal) => {
      const found: Row[] = [];
      for (let page = pageOf(first); page <= pageOf(last); page += 1) {
        signal?.throwIfAborted();
        const rows = held.get(page)?.rows ?? (await load(page));
        const start = places[page]?.start ?? 0;
        found.push(...rows.slice(Math.max(0, first - start), last - start + 1));
      }
      return found;
    },
    retry: () => {
      const page = failed?.page;
      failed = undefined;
      if (page !== undefined) void load(page).catch(() => undefined);
    },
  };
}

/** Rows that are all there, with the states that another list knows of them. */
export function fixedRows(
  rows: readonly Row[],
  state: ListingState,
  stateByKey: (key: string) => ObjectState | undefined = () => undefined,
): RowList {
  return {
    subscribe: () => () => undefined,
    state: () => state,
    row: (index) => rows[index],
    objectState: (index) => stateByKey(rows[index]?.key ?? ''),
    want: () => undefined,
    rows: (first, last) => Promise.resolve(rows.slice(first, last + 1)),
    retry: () => undefined,
  };
}
