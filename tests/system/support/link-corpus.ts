import fc from 'fast-check';

/** A row of an application, its values as JSON has them. */
export interface LinkRow {
  id: number;
  body: string;
  /** Text of a json column. */
  raw: string;
  doc: unknown;
  urls: (string | null)[];
  label: string;
  dom: string | null;
}

const signature =
  'X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=key%2F20240101%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20240101T000000Z&X-Amz-Expires=604800&X-Amz-SignedHeaders=host&X-Amz-Signature=0a1b2c';

const plainText = (maxLength: number) =>
  fc.string({ unit: 'grapheme', maxLength }).filter((text) => !text.includes('\0') && !/\p{Cs}/u.test(text));

const key = fc
  .array(
    fc.oneof(
      plainText(10),
      fc.constantFrom('a+b', 'é', 'e\u0301', '100%', '%20', 'a&b=c', 'x?y', '#1', '(1)', "it's", '..a', '😀'),
    ),
    { minLength: 1, maxLength: 4 },
  )
  .map((segments) => segments.join('/'))
  .filter((text) => text !== '' && !text.split('/').some((part) => /^\.{1,2}$/.test(part)));

const encodeKey = (text: string): string =>
  text
    .split('/')
    .map((part) => encodeURIComponent(part).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16)}`))
    .join('/');

interface Spelled {
  before: string;
  after: string;
}

const link = (address: string): fc.Arbitrary<Spelled> =>
  fc
    .record({
      head: fc.constantFrom(
        ['http://minio:9000/uploads/', `${address}/u/`],
        ['https://minio/avatars/', `${address}/`],
        ['http://uploads.minio:9000/', `${address}/u/`],
        ['https://files.acme.example/uploads/', `${address}/u/`],
        ['https://img.acme.example/', `${address}/`],
      ),
      key,
      query: fc.constantFrom(
        ['', ''],
        [`?${signature}`, ''],
        ['?v=1', '?v=1'],
        [`?v=1&${signature}#top`, '?v=1#top'],
      ),
    })
    .map(({ head: [oldHead, newHead], key: name, query: [oldQuery, newQuery] }) => ({
      before: `${oldHead}${encodeKey(name)}${oldQuery}`,
      after: `${newHead}${encodeKey(name)}${newQuery}`,
    }));

/** Text between links: nothing that could be read as a part of one. */
const noise = plainText(30).filter((text) => !/\/\/|%2f|http|[\\%]$/i.test(text));
const staying = fc.constantFrom(
  '',
  ' http://minio:9000/private/p.jpg ',
  ' http://minio:9000/elsewhere/p.jpg ',
  ' http://minio.example/uploads/p.jpg ',
  ' HTTP://minio:9001/uploads/p ',
);
const frames: readonly ((url: string) => string)[] = [
  (url) => ` ${url} `,
  (url) => ` <a href="${url}">x</a>`,
  (url) => ` <img src='${url.replaceAll('&', '&amp;')}'>`,
  (url) => ` [t](${url}) `,
  (url) => ` <${url}>, `,
  (url) => ` style="background:url(&quot;${url}&quot;)" `,
  (url) => `\n"${url}"\n`,
  (url) => ` /image?url=${encodeURIComponent(url)}&w=640 `,
];

const text = (links: fc.Arbitrary<Spelled>): fc.Arbitrary<Spelled & { links: number }> =>
  fc
    .tuple(
      fc.array(fc.tuple(noise, staying, links, fc.nat(frames.length - 1)), { maxLength: 3 }),
      noise,
      staying,
    )
    .map(([parts, end, last]) => {
      const spell = (side: 'before' | 'after'): string =>
        parts
          .map(([around, stays, url, frame]) => around + stays + (frames[frame]?.(url[side]) ?? ''))
          .join('') +
        last +
        end;
      return { before: spell('before'), after: spell('after'), links: parts.length };
    });

/** Rows with old links and the same rows as a rewrite has to leave them; the same seed makes the same rows. */
export function linkRows(
  seed: number,
  count: number,
  address: string,
): { before: LinkRow; after: LinkRow; links: number }[] {
  // Drawn from few links, so that asking each new address stays quick.
  const pool = fc.sample(link(address), { seed, numRuns: 300 });
  const links = fc.constantFrom(...pool);
  const row = fc.record({
    body: text(links),
    raw: text(links),
    deep: text(links),
    urls: fc.array(
      fc.option(
        fc.oneof(
          links,
          noise.map((plain) => ({ before: plain, after: plain })),
        ),
      ),
      {
        maxLength: 3,
      },
    ),
    label: noise,
    dom: fc.option(links),
  });
  return fc.sample(row, { seed, numRuns: count }).map(({ body, raw, deep, urls, label, dom }, id) => {
    // Every tenth row has nothing to rewrite.
    const bare = id % 10 === 0;
    const spell = (side: 'before' | 'after'): LinkRow => ({
      id,
      body: bare ? label : body[side],
      raw: bare
        ? '[ 1.50,1e3 ]'
        : `{ "n" : 1.50,"n":1e3, "text": ${JSON.stringify(raw[side])} ,"http://minio:9000/uploads/k":null}`,
      doc: bare
        ? null
        : { id, deep: [{ html: deep[side] }, null, true], json: JSON.stringify({ text: deep[side] }) },
      urls: bare ? [] : urls.map((url) => url?.[side] ?? null),
      label,
      dom: bare ? null : (dom?.[side] ?? null),
    });
    const before = spell('before');
    return {
      before,
      after: spell('after'),
      links: JSON.stringify(before) === JSON.stringify(spell('after')) ? 0 : 1,
    };
  });
}
