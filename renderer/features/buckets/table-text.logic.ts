import { dsvFormat } from 'd3-dsv';

/** Lines and columns of a separated text that a preview shows. */
const shownLines = 100;
const shownColumns = 50;

/** A preview reads that many characters at most to find the separator. */
const headLength = 4_000;

const formats = [',', ';', '\t', '|'].map((separator) => dsvFormat(separator));

/** The first lines of a text of separated values; the separator is the one that makes the most columns of the first line. */
export function readTable(text: string): string[][] {
  const body = text.replace(/^\uFEFF/, '');
  const head = body.slice(0, headLength);
  const columns = formats.map((format) => format.parseRows(head)[0]?.length ?? 0);
  const format = formats[columns.indexOf(Math.max(...columns))];
  const lines = format?.parseRows(body).filter((line) => line.some((cell) => cell !== '')) ?? [];
  return lines.slice(0, shownLines).map((line) => line.slice(0, shownColumns));
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
