/** Rows that are read in the order of their keys. */
interface Keyed {
  readonly key: string;
}

/**
 * Reads pages of at most `limit` rows in turn, each one while the one before is worked on, so that both servers work at the
 * same time. Nothing is read ahead after a short page.
 */
export function readAhead<Row extends Keyed>(
  limit: number,
  readPage: (after: string | null) => Promise<Row[]>,
): { read(after: string | null): Promise<Row[]> } {
  let ahead: { after: string; page: Promise<Row[]> } | undefined;
  return {
    async read(after) {
      const page = await (ahead !== undefined && ahead.after === after ? ahead.page : readPage(after));
      const last = page.at(-1)?.key;
      ahead = last === undefined || page.length < limit ? undefined : { after: last, page: readPage(last) };
      // Who asks for the page hears of its failure; when nobody does, the work has ended otherwise.
      ahead?.page.catch(() => undefined);
      return page;
    },
  };
}
