import { tableLabel, type Table } from '../common/tables';
import { partsOf, type Part } from './parts';

/** What is left of a table. */
interface Remainder {
  readonly parts: Part[];
  bytes: number;
  underWay: number;
}

/**
 * Hands out the parts of all tables to workers that copy them side by side. Several work on one table only when no other waits: its rows then
 * arrive in the order that they have on the source, which keeps related rows on the same pages, and builds indexes from rows that are nearly
 * sorted. The largest remainder comes first, so that no large table is left over at the end.
 */
export class PartQueue implements Iterable<Part> {
  readonly #tables = new Map<string, Remainder>();

  constructor(tables: readonly Table[]) {
    for (const table of tables) {
      this.#tables.set(tableLabel(table), {
        parts: partsOf(table).reverse(),
        bytes: table.bytes,
        underWay: 0,
      });
    }
  }

  *[Symbol.iterator](): Iterator<Part> {
    for (;;) {
      const table = this.#next();
      const part = table?.parts.pop();
      if (table === undefined || part === undefined) return;
      table.bytes -= part.bytes;
      table.underWay += 1;
      yield part;
    }
  }

  /** To be told of every part that was handed out, once no worker is at it. */
  ended(part: Part): void {
    const table = this.#tables.get(tableLabel(part.table));
    if (table !== undefined) table.underWay -= 1;
  }

  #next(): Remainder | undefined {
    let next: Remainder | undefined;
    for (const table of this.#tables.values()) {
      if (table.parts.length === 0) continue;
      const before =
        next === undefined ||
        table.underWay < next.underWay ||
        (table.underWay === next.underWay && table.bytes > next.bytes);
      if (before) next = table;
    }
    return next;
  }
}
