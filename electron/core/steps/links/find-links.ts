import type { LeftReason } from '#shared/contract/links';
import { type LinkRules, matchingAddresses } from './rules';

/** A link of the old storage in a text. */
export interface FoundLink {
  /** Offsets in the text; what stands after a link (a full stop, a bracket) is not part of it. */
  start: number;
  end: number;
  bucket: string | undefined;
  /** What replaces it; absent when it stays as it is. */
  replacement?: { text: string; /** As a browser fetches it. */ url: string };
  left?: LeftReason;
  /** It carried a signature, which is dropped. */
  presigned: boolean;
  /** It named a version of the object, which does not come along. */
  versioned: boolean;
}

/** How a link is spelled: as it is, or once more percent-encoded inside another link. */
interface Form {
  slash: RegExp;
  query: RegExp;
  fragment: RegExp;
  ampersand: RegExp;
  equals: RegExp;
  /** A plus sign of the path, which some servers read as a space, and its unmistakable spelling. */
  plus: RegExp;
  plusAs: string;
  tail: RegExp;
  encode: (text: string) => string;
  decode: (text: string) => string | undefined;
}

const plain: Form = {
  slash: /\\?\//,
  query: /\?/,
  fragment: /#/,
  ampersand: /&amp;|\\u0026|&/i,
  equals: /=/,
  plus: /\+/g,
  plusAs: '%2B',
  // A backslash belongs to a link only in the escapes of a JSON text.
  tail: /(?:[^\s\p{Cc}"<>`\\|^“”‘’«»、。，）」]|\\\/|\\u0026)*/uy,
  encode: (text) => text,
  decode: (text) => text.replaceAll('\\/', '/').replace(/&amp;|\\u0026/gi, '&'),
};

const encoded: Form = {
  slash: /%2F/i,
  query: /%3F/i,
  fragment: /%23/,
  ampersand: /%26/,
  equals: /%3D/i,
  plus: /%2B/gi,
  plusAs: '%252B',
  tail: /(?:[A-Za-z0-9._~*!:@+-]|%[0-9A-Fa-f]{2})*/y,
  encode: encodeURIComponent,
  decode: (text) => {
    try {
      return decodeURIComponent(text);
    } catch {
      return undefined;
    }
  },
};

// A scheme begins after anything but a letter of its own; the last letter of an escape (\n, \u003d, %3D) is none.
const schemeStart = String.raw`(?:(?<![A-Za-z0-9+.-])|(?<=\\[nrtbfv])|(?<=\\u[0-9A-Fa-f]{4})|(?<=%[0-9A-Fa-f]{2}))`;
const host = String.raw`([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])`;
const heads = new RegExp(
  [
    // Without a scheme: //host, but not the end of a path or of another scheme.
    String.raw`(?:${schemeStart}https?:(\\?/)\\?/|(?<![A-Za-z0-9._~%:/\\-])(\\?/)\\?/)${host}(?::(\d{1,5}))?`,
    String.raw`${schemeStart}https?%3A%2F%2F${host}(?:%3A(\d{1,5}))?`,
  ].join('|'),
  'gi',
);
const entity = /&(?:quot|apos|lt|gt|nbsp|#0*3[49]|#x0*2[27]);/i;
/** Lists of links need no blank between them, and a link can hold another one. */
const anotherLink = /https?(?::\\?\/\\?\/|%3A%2F%2F)/i;
/** Marks that end a sentence rather than a link. */
const trailing = /[.,;:!?*]+$/;

/** Finds the links of the old storage in a text: plain text, HTML, Markdown, JSON as text. */
export function findLinks(text: string, rules: LinkRules): FoundLink[] {
  const found: FoundLink[] = [];
  heads.lastIndex = 0;
  for (let match = heads.exec(text); match !== null; match = heads.exec(text)) {
    const [head, slashed, slashedAlone, hostPlain, portPlain, hostEncoded, portEncoded] = match;
    const form = hostPlain === undefined ? encoded : plain;
    const matches = matchingAddresses(rules, {
      hostname: hostPlain ?? hostEncoded ?? '',
      port: portPlain ?? portEncoded ?? '',
    });
    if (matches.length === 0) continue;
    const start = match.index;
    const tail = tailAt(text, start, start + head.length, form);
    if (/^[A-Za-z0-9@:._-]/.test(tail)) continue;
    const slash = (slashed ?? slashedAlone ?? '/') === '\\/' ? '\\/' : '/';
    const link = readLink(tail, matches, form, slash, rules);
    if (link === undefined) continue;
    found.push({ start, end: start + head.length + tail.length, ...link });
    heads.lastIndex = start + head.length + tail.length;
  }
  return found;
}

/** The rest of a link that begins at `start` and whose host ends at `from`. */
function tailAt(text: string, start: number, from: number, form: Form): string {
  form.tail.lastIndex = from;
  let tail = form.tail.exec(text)?.[0] ?? '';
  const next = anotherLink.exec(tail);
  if (next !== null) tail = tail.slice(0, next.index);
  if (form === encoded) return tail.replace(trailing, '');
  const stop = entity.exec(tail);
  if (stop !== null) tail = tail.slice(0, stop.index);
  const before = text[start - 1];
  if (before === "'") tail = tail.split("'", 1)[0] ?? '';
  // A value that is nothing but a link ends where it ends.
  if (next === null && start === 0 && from + tail.length === text.length) return tail;
  for (;;) {
    const shorter = withoutOpenBracket(tail.replace(trailing, ''));
    if (shorter === tail) return tail;
    tail = shorter;
  }
}

const brackets: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' };

/** Drops a closing bracket from the end of a link that did not open it. In Markdown and CSS it ends the link earlier. */
function withoutOpenBracket(tail: string): string {
  const open: string[] = [];
  for (let index = 0; index < tail.length; index += 1) {
    const character = tail[index] ?? '';
    if ('([{'.includes(character)) open.push(character);
    const opener = brackets[character];
    if (opener === undefined) continue;
    if (open.at(-1) !== opener) return tail.slice(0, index);
    open.pop();
  }
  return tail;
}

function readLink(
  tail: string,
  matches: ReturnType<typeof matchingAddresses>,
  form: Form,
  slash: string,
  rules: LinkRules,
): Omit<FoundLink, 'start' | 'end'> | undefined {
  const { path, query, fragment } = split(tail, form);
  let left: Omit<FoundLink, 'start' | 'end'> | undefined;
  for (const { address, bucket: named } of matches) {
    const rest = afterPath(path, address.path, form);
    if (rest === undefined) continue;
    const { bucket, key } = named === undefined ? bucketOf(rest, form) : { bucket: named, key: rest };
    const none = { bucket, presigned: false, versioned: false };
    if (bucket === undefined || bucket === '') {
      left ??= { ...none, bucket: undefined, left: 'no-bucket' };
      continue;
    }
    const base = Object.hasOwn(rules.buckets, bucket) ? rules.buckets[bucket] : undefined;
    if (base === undefined) {
      left ??= { ...none, left: 'unknown-bucket' };
      continue;
    }
    if (base === null) return { ...none, left: 'no-public-address' };
    // Whoever fetches it folds these away, so that the bucket is not the one that is written.
    if (hasDotSegment(key, form)) return { ...none, left: 'unsafe-path' };
    const kept = keptQuery(query, form);
    const spelledBase = form.encode(base).replaceAll('/', slash);
    const text = `${spelledBase}${key.replaceAll(form.plus, form.plusAs)}${kept.text}${fragment}`;
    return {
      bucket,
      presigned: kept.presigned,
      versioned: kept.versioned,
      replacement: { text, url: form.decode(text) ?? text },
    };
  }
  return left;
}

/** Path, query (with its mark) and fragment (with its mark). */
function split(tail: string, form: Form): { path: string; query: string; fragment: string } {
  const hash = form.fragment.exec(tail)?.index ?? tail.length;
  const before = tail.slice(0, hash);
  const mark = form.query.exec(before)?.index ?? before.length;
  return { path: before.slice(0, mark), query: before.slice(mark), fragment: tail.slice(hash) };
}

/** What follows the address's own path: empty, or beginning with a slash. Undefined when the path is another one. */
function afterPath(path: string, prefix: string, form: Form): string | undefined {
  let rest = path;
  for (const segment of prefix.split('/').slice(1)) {
    const taken = takeSegment(rest, form);
    if (taken?.segment !== segment) return undefined;
    rest = taken.rest;
  }
  return rest === '' || form.slash.exec(rest)?.index === 0 ? rest : undefined;
}

function takeSegment(path: string, form: Form): { segment: string; rest: string } | undefined {
  const slash = form.slash.exec(path);
  if (slash?.index !== 0) return undefined;
  const after = path.slice(slash[0].length);
  const end = form.slash.exec(after)?.index ?? after.length;
  return { segment: after.slice(0, end), rest: after.slice(end) };
}

function bucketOf(path: string, form: Form): { bucket: string | undefined; key: string } {
  const taken = takeSegment(path, form);
  return { bucket: taken?.segment, key: taken?.rest ?? '' };
}

function hasDotSegment(key: string, form: Form): boolean {
  const decoded = form === encoded ? (form.decode(key) ?? key) : key;
  return decoded.split(/\\?\//).some((segment) => /^(\.|%2e){1,2}$/i.test(segment));
}

const signing = /^(x-amz-.*|awsaccesskeyid|signature|expires|response-.*|partnumber|x-id)$/i;

/** The query without what only the old storage understood. */
function keptQuery(query: string, form: Form): { text: string; presigned: boolean; versioned: boolean } {
  if (query === '') return { text: '', presigned: false, versioned: false };
  const mark = form.query.exec(query)?.[0] ?? '';
  const names = new RegExp(form.ampersand, 'gi');
  const body = query.slice(mark.length);
  const separators = [...body.matchAll(names)].map(([separator]) => separator);
  const parts = body.split(names).map((part, index) => {
    const name = part.split(form.equals, 1)[0] ?? '';
    return { part, name: form.decode(name) ?? name, before: separators[index - 1] ?? '' };
  });
  const has = (name: string): boolean => parts.some((part) => part.name.toLowerCase() === name);
  const presigned = has('x-amz-signature') || (has('awsaccesskeyid') && has('signature'));
  const versioned = has('versionid');
  if (!presigned && !versioned) return { text: query, presigned, versioned };
  const kept = parts.filter(
    ({ name }) => name.toLowerCase() !== 'versionid' && !(presigned && signing.test(name)),
  );
  const text = kept.map(({ part, before }, index) => `${index === 0 ? mark : before}${part}`).join('');
  return { text, presigned, versioned };
}

/** The text with every link replaced that can be; the very text when there is none. */
export function rewriteText(
  text: string,
  rules: LinkRules,
  see?: (link: FoundLink, text: string) => void,
): string {
  let result = '';
  let from = 0;
  for (const link of findLinks(text, rules)) {
    see?.(link, text);
    if (link.replacement === undefined) continue;
    result += text.slice(from, link.start) + link.replacement.text;
    from = link.end;
  }
  return from === 0 ? text : result + text.slice(from);
}
