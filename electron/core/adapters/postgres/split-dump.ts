import type { SchemaEntry } from '../../ports/database';

/** Kinds that pg_dump sorts behind its post-data boundary, always. The first of them marks the boundary in a dump. */
const postDataTypes = new Set([
  'CONSTRAINT',
  'CHECK CONSTRAINT',
  'FK CONSTRAINT',
  'INDEX',
  'INDEX ATTACH',
  'STATISTICS',
  'RULE',
  'TRIGGER',
  'EVENT TRIGGER',
  'POLICY',
  'ROW SECURITY',
  'PUBLICATION',
  'PUBLICATION TABLE',
  'PUBLICATION TABLES IN SCHEMA',
  'SUBSCRIPTION',
  'DEFAULT ACL',
  'ACL',
]);

const header = /^-- (?:Data for )?Name: (.*); Type: ([A-Z ]+); Schema: (.*); Owner:.*$/;

interface Found {
  name: string;
  type: string;
  schema: string;
  /** Where the header's block begins and where the SQL after it begins. */
  start: number;
  body: number;
}

/** The index after a quoted section that begins at `at`. `escapes`: a backslash escapes the next character. */
function skipQuoted(text: string, at: number, quote: string, escapes: boolean): number {
  for (let index = at + 1; index < text.length; index += 1) {
    const character = text[index];
    if (escapes && character === '\\') index += 1;
    else if (character === quote) {
      if (text[index + 1] !== quote) return index + 1;
      index += 1;
    }
  }
  return text.length;
}

function skipBlockComment(text: string, at: number): number {
  let depth = 0;
  for (let index = at; index < text.length; index += 1) {
    if (text.startsWith('/*', index)) {
      depth += 1;
      index += 1;
    } else if (text.startsWith('*/', index)) {
      depth -= 1;
      index += 1;
      if (depth === 0) return index + 1;
    }
  }
  return text.length;
}

const wordBefore = /[A-Za-z0-9_$\u0080-\uffff]/;
const dollarTag = /\$(?:[A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*)?\$/y;

/**
 * The end of the token at `at`, where it is one that can hide a header (strings, quoted names, dollar quotes, comments);
 * otherwise the next character.
 */
function skipToken(text: string, at: number): number {
  const character = text[at];
  const before = at === 0 ? '' : (text[at - 1] ?? '');
  if (character === "'") {
    const escapes = /[eE]/.test(before) && !wordBefore.test(at < 2 ? '' : (text[at - 2] ?? ''));
    return skipQuoted(text, at, "'", escapes);
  }
  if (character === '"') return skipQuoted(text, at, '"', false);
  if (character === '$' && !wordBefore.test(before)) {
    dollarTag.lastIndex = at;
    const tag = dollarTag.exec(text)?.[0];
    if (tag === undefined) return at + 1;
    const close = text.indexOf(tag, at + tag.length);
    return close === -1 ? text.length : close + tag.length;
  }
  if (character === '/' && text[at + 1] === '*') return skipBlockComment(text, at);
  if (character === '-' && text[at + 1] === '-') {
    const end = text.indexOf('\n', at);
    return end === -1 ? text.length : end + 1;
  }
  return at + 1;
}

function findHeaders(text: string): Found[] {
  const found: Found[] = [];
  let at = 0;
  while (at < text.length) {
    const atLineStart = at === 0 || text[at - 1] === '\n';
    if (atLineStart && text.startsWith('--\n-- ', at)) {
      const lineEnd = text.indexOf('\n', at + 3);
      const match = header.exec(text.slice(at + 3, lineEnd === -1 ? undefined : lineEnd));
      const closing = lineEnd === -1 ? false : text.startsWith('\n--\n', lineEnd);
      if (match !== null && closing) {
        const [, name = '', type = '', schema = ''] = match;
        found.push({ name, type, schema, start: at, body: lineEnd + 4 });
        at = lineEnd + 4;
        continue;
      }
    }
    at = skipToken(text, at);
  }
  return found;
}

/** The trailing comment that ends a dump, and what newer programs write for psql behind it. */
const completed = /\n--\n-- PostgreSQL database dump complete\n--\s*(?:\\unrestrict \S+\s*)?$/;

/**
 * Splits a plain pg_dump into its entries, in their order. Headers are recognised outside of strings, quoted names, dollar
 * quotes and comments only, so a function body may hold anything.
 */
export function splitDump(text: string): SchemaEntry[] {
  const dump = text.replaceAll('\r\n', '\n').replace(completed, '\n');
  const found = findHeaders(dump);
  const seen = new Map<string, number>();
  let postData = false;
  return found.map((item, index) => {
    postData ||= postDataTypes.has(item.type);
    const sql = dump.slice(item.body, found[index + 1]?.start ?? dump.length).trim();
    const qualified = item.schema === '-' ? item.name : `${item.schema}.${item.name}`;
    const base = `${item.type} ${qualified}`;
    const count = (seen.get(base) ?? 0) + 1;
    seen.set(base, count);
    return {
      id: count === 1 ? base : `${base} #${count}`,
      name: item.name,
      type: item.type,
      ...(item.schema === '-' ? {} : { schema: item.schema }),
      section: postData ? 'post-data' : 'pre-data',
      sql,
    };
  });
}
