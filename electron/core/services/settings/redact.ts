import { percentDecoded } from './connection-url';

const mask = '•••';
/** Shorter secrets are replaced only where they stand alone: they would otherwise turn every text into dots. */
const anywhereFrom = 4;
/** Base64 of shorter secrets is too short to be told from ordinary text when it starts inside other bytes. */
const base64From = 6;

/** Makes a function that replaces every given secret, and the encodings in which messages usually carry one, by `•••`. */
export function createRedactor(secrets: readonly string[]): (text: string) => string {
  const needles = new Set(secrets.flatMap(formsOf));
  // The longest first, so that a secret that contains another one goes as a whole.
  const sorted = [...needles].filter((needle) => needle.trim() !== '').sort((a, b) => b.length - a.length);
  if (sorted.length === 0) return (text) => text;
  const pattern = new RegExp(sorted.map(patternOf).join('|'), 'gu');
  return (text) => text.replace(pattern, mask);
}

/** The secrets inside a setting's value: the value, and for a URL with user information its password. */
export function secretPartsOf(value: string): string[] {
  return [value, ...urlPasswords(value)];
}

function urlPasswords(value: string): string[] {
  // Taken from the text too: the URL class encodes some characters that a careless person typed raw.
  const typed = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*?:(.*)@/i.exec(value)?.[1] ?? '';
  const parsed = URL.canParse(value) ? new URL(value).password : '';
  const query = URL.canParse(value) ? (new URL(value).searchParams.get('password') ?? '') : '';
  return [typed, percentDecoded(typed), parsed, percentDecoded(parsed), query].filter((text) => text !== '');
}

function formsOf(secret: string): string[] {
  if (secret === '') return [];
  const wellFormed = Buffer.from(secret, 'utf8').toString('utf8');
  const percent = encodeURIComponent(wellFormed);
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    percent,
    percent.replace(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase()),
    new URLSearchParams({ v: wellFormed }).toString().slice(2),
    ...base64Forms(wellFormed),
  ];
}

/**
 * Base64 of the secret at each of the three alignments at which it can stand inside longer text (`user:password`, say), without the
 * characters that its neighbours share.
 */
function base64Forms(secret: string): string[] {
  const bytes = Buffer.from(secret, 'utf8');
  const plain = [bytes.toString('base64'), bytes.toString('base64url')].map((text) =>
    text.replace(/=+$/, ''),
  );
  if (bytes.length < base64From) return bytes.length < anywhereFrom ? [] : plain;
  const inside = [0, 1, 2].flatMap((before) => {
    const padded = Buffer.concat([Buffer.alloc(before), bytes]);
    const first = Math.ceil((before * 8) / 6);
    const last = Math.floor((padded.length * 8) / 6);
    return [padded.toString('base64').slice(first, last), padded.toString('base64url').slice(first, last)];
  });
  return [...plain, ...inside];
}

function patternOf(needle: string): string {
  const literal = needle.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  return needle.length >= anywhereFrom ? literal : `(?<![\\p{L}\\p{N}])${literal}(?![\\p{L}\\p{N}])`;
}
