import { parse } from 'csv-parse/sync';
import { z } from 'zod';

/** A record with the number of the line on which it begins, or why there is none on that line. */
export type CsvRecord = { line: number; fields: string[] } | { line: number; reason: string };

/** Lines that a quoted field may go over; a quote that is open for longer was never meant to be. */
const longestField = 100;

const parsedSchema = z.array(
  z.object({ record: z.array(z.string()), info: z.object({ lines: z.number() }) }),
);

/** Strictly; throws where the text is not CSV. */
function parseStrictly(text: string, delimiter: string): { line: number; fields: string[] }[] {
  const parsed: unknown = parse(text, {
    delimiter,
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
  });
  // Inside of quotes the parser takes the two characters of a line break for two.
  let twice = 0;
  const count = (fields: readonly string[], what: RegExp) =>
    fields.reduce((sum, field) => sum + (field.match(what)?.length ?? 0), 0);
  return parsedSchema.parse(parsed).map(({ record, info }) => {
    twice += count(record, /\r\n/g);
    return { line: info.lines - twice - count(record, /\r\n|\r|\n/g), fields: record };
  });
}

/** Spreadsheets write what their country puts between numbers: the first line tells. */
function delimiterOf(head: string): string {
  if (head.includes(',')) return ',';
  return head.includes(';') ? ';' : head.includes('\t') ? '\t' : ',';
}

/** Reads record by record, so that a broken one spoils no other. */
function parseLeniently(text: string, delimiter: string): CsvRecord[] {
  const lines = text.split(/\r\n|\r|\n/);
  const width = lines[0]?.split(delimiter).length ?? 0;
  const found: CsvRecord[] = [];
  for (let at = 0; at < lines.length;) {
    const start = at;
    let record = lines[at] ?? '';
    let quotes = record.split('"').length - 1;
    let end = at + 1;
    while (quotes % 2 === 1 && end < lines.length && end - start < longestField) {
      const next = lines[end] ?? '';
      record += `\n${next}`;
      quotes += next.split('"').length - 1;
      end += 1;
    }
    const several = end - start > 1;
    const fields = quotes % 2 === 1 ? undefined : tryRecord(record, delimiter);
    // What goes over several lines and fits no column is a stray quote and the lines up to the next one.
    if (fields === undefined || (several && fields.length > width)) {
      found.push({ line: start + 1, reason: 'The line is not valid CSV: look at its quotes.' });
      at = start + 1;
      continue;
    }
    if (fields.length > 0) found.push({ line: start + 1, fields });
    at = end;
  }
  return found;
}

/** The fields of one record, none of an empty line; undefined when it is not one. */
function tryRecord(text: string, delimiter: string): string[] | undefined {
  if (!text.includes('"')) return text === '' ? [] : text.split(delimiter);
  try {
    const records = parseStrictly(text, delimiter);
    return records.length === 1 ? records[0]?.fields : undefined;
  } catch {
    return undefined;
  }
}

/** The records of a CSV text, separated by commas, semicolons or tabs; lines that are no record are told by their number. */
export function readCsvRecords(text: string): CsvRecord[] {
  const plain = text.replace(/^\uFEFF/, '');
  const delimiter = delimiterOf(/^[^\r\n]*/.exec(plain)?.[0] ?? '');
  try {
    return parseStrictly(plain, delimiter);
  } catch {
    return parseLeniently(plain, delimiter);
  }
}
