const plain = /^[A-Za-z0-9._~-]*$/;
const plainPath = /^[A-Za-z0-9._~/-]*$/;
const table = Array.from({ length: 256 }, (_unused, byte) => {
  const character = String.fromCharCode(byte);
  return plain.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
});

/** Percent-encodes the UTF-8 bytes of a text as SigV4 wants it in a query: everything but the unreserved characters. */
export function encodeQueryText(text: string): string {
  return plain.test(text) ? text : encodeBytes(text, false);
}

/** The same for a key in a path: slashes stay, dots and doubled slashes too, so that `a/../b` is sent as it is. */
export function encodeKey(key: string): string {
  return plainPath.test(key) ? key : encodeBytes(key, true);
}

function encodeBytes(text: string, keepSlash: boolean): string {
  let encoded = '';
  for (const byte of Buffer.from(text, 'utf8'))
    encoded += keepSlash && byte === 0x2f ? '/' : (table[byte] ?? '');
  return encoded;
}

/** A query string in the order that SigV4 signs: sorted by encoded name. */
export function encodeQuery(query: Readonly<Record<string, string>> | undefined): string {
  if (query === undefined) return '';
  return Object.entries(query)
    .map(([name, value]) => `${encodeQueryText(name)}=${encodeQueryText(value)}`)
    .sort((a, b) => (a < b ? -1 : 1))
    .join('&');
}
