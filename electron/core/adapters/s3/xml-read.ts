const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** Character data as text. */
export function unescapeXml(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(
    /&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi,
    (whole, hex?: string, decimal?: string, name?: string) => {
      if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
      if (decimal !== undefined) return String.fromCodePoint(Number.parseInt(decimal, 10));
      return entities[name ?? ''] ?? whole;
    },
  );
}

/** The text of the first element with that name; undefined when there is none. S3 answers nest no element in one of the same name. */
export function xmlText(xml: string, name: string): string | undefined {
  const text = xmlContent(xml, name);
  return text === undefined ? undefined : unescapeXml(text);
}

/** The same as it is written, for texts that are known to hold nothing escaped. */
export function xmlContent(xml: string, name: string): string | undefined {
  const open = `<${name}>`;
  const start = xml.indexOf(open);
  if (start === -1) return undefined;
  const end = xml.indexOf(`</${name}>`, start);
  return end === -1 ? undefined : xml.slice(start + open.length, end);
}

/** The contents of every element with that name, in order. */
export function* xmlBlocks(xml: string, name: string): Generator<string> {
  const open = `<${name}>`;
  const close = `</${name}>`;
  for (let start = xml.indexOf(open); start !== -1;) {
    const end = xml.indexOf(close, start);
    if (end === -1) return;
    yield xml.slice(start + open.length, end);
    start = xml.indexOf(open, end);
  }
}

/** Whether the keys of a listing are encoded, as was asked for with `encoding-type=url`; a store that knows no encoding leaves the element out. */
export function isUrlEncoded(page: string): boolean {
  return page.includes('<EncodingType>url</EncodingType>');
}

/** An encoded key of a listing. */
export function decodeListedKey(text: string): string {
  if (!/[%+]/.test(text)) return text;
  // Stores of the Go family write a space as a plus sign.
  return decodeURIComponent(text.replaceAll('+', '%20'));
}

/** A key of a listing page. */
export function listedKey(page: string, text: string): string {
  return isUrlEncoded(page) ? decodeListedKey(text) : text;
}
