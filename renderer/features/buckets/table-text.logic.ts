import Papa from 'papaparse';

/** Lines and columns of a separated text that a preview shows. */
const shownLines = 100;
const shownColumns = 50;

/** The first lines of a text of separated values; the separator is found out. */
export function readTable(text: string): string[][] {
  const { data } = Papa.parse<string[]>(text, { preview: shownLines, skipEmptyLines: true });
  return data.map((line) => line.slice(0, shownColumns));
}

/** JSON with line breaks and indents; undefined for a text that is none. */
export function prettyJson(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return JSON.stringify(value, undefined, 2);
  } catch {
    return undefined;
  }
}
