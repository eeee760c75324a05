import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LinkSettings } from '../../ports/links';
import { findLinks, rewriteText } from './find-links';
import { rewriteArray, rewriteRecord } from './literals';
import { rewriteJson } from './rewrite-json';
import { linkRules } from './rules';

const settings: LinkSettings = {
  sourceEndpoint: 'http://minio:9000',
  otherAddresses: [
    { url: 'https://files.acme.example' },
    { url: 'https://acme.example/storage' },
    { url: 'https://img.acme.example', bucket: 'avatars' },
  ],
  naming: { prefix: 'acme-', names: {} },
  publicUrl: 'https://{bucket}.cdn.example',
  publicUrls: { avatars: 'https://faces.example/a' },
};
const rules = linkRules(settings, ['uploads', 'avatars', 'my.files']);
const rewrite = (text: string): string => rewriteText(text, rules);
const signature =
  'X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=key%2F20240101%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20240101T000000Z&X-Amz-Expires=604800&X-Amz-SignedHeaders=host&X-Amz-Signature=0a1b2c';

describe('links in text', () => {
  it.each([
    ['plain', 'http://minio:9000/uploads/a.jpg', 'https://acme-uploads.cdn.example/a.jpg'],
    ['without port', 'http://minio/uploads/a.jpg', 'https://acme-uploads.cdn.example/a.jpg'],
    ['https', 'https://minio:443/uploads/a.jpg', 'https://acme-uploads.cdn.example/a.jpg'],
    [
      'letter case of host and scheme',
      'HTTP://MinIO:9000/uploads/A.jpg',
      'https://acme-uploads.cdn.example/A.jpg',
    ],
    [
      'without scheme',
      '<img src="//minio:9000/uploads/a.jpg">',
      '<img src="https://acme-uploads.cdn.example/a.jpg">',
    ],
    ['bucket in the host', 'http://uploads.minio:9000/a/b.jpg', 'https://acme-uploads.cdn.example/a/b.jpg'],
    ['bucket with a dot in the host', 'http://my.files.minio:9000/a', 'https://acme-my.files.cdn.example/a'],
    ['another address', 'https://files.acme.example/avatars/1.webp', 'https://faces.example/a/1.webp'],
    [
      'another address with a path',
      'https://acme.example/storage/uploads/a',
      'https://acme-uploads.cdn.example/a',
    ],
    [
      'an address of one bucket',
      'https://img.acme.example/users/1.webp?v=3',
      'https://faces.example/a/users/1.webp?v=3',
    ],
    ['presigned', `http://minio:9000/uploads/a.pdf?${signature}`, 'https://acme-uploads.cdn.example/a.pdf'],
    [
      'presigned, before a full stop',
      `See http://minio:9000/uploads/a.pdf?${signature}. Then`,
      'See https://acme-uploads.cdn.example/a.pdf. Then',
    ],
    [
      'presigned, other parameters',
      `http://minio:9000/uploads/a?page=2&${signature}&lang=de#top`,
      'https://acme-uploads.cdn.example/a?page=2&lang=de#top',
    ],
    [
      'presigned in HTML',
      `<a href='http://minio:9000/uploads/a?${signature.replaceAll('&', '&amp;')}'>a</a>`,
      "<a href='https://acme-uploads.cdn.example/a'>a</a>",
    ],
    [
      'presigned in JSON as text',
      `{"u":"http://minio:9000/uploads/a?${signature.replaceAll('&', '\\u0026')}","n":1}`,
      '{"u":"https://acme-uploads.cdn.example/a","n":1}',
    ],
    [
      'presigned, old signature',
      'http://minio/uploads/a?AWSAccessKeyId=AK&Expires=1&Signature=x%2By%3D&response-content-type=a',
      'https://acme-uploads.cdn.example/a',
    ],
    ['a version', 'http://minio:9000/uploads/a?versionId=abc', 'https://acme-uploads.cdn.example/a'],
    [
      'a query of the application',
      'http://minio:9000/uploads/a?Signature=mine&expires=no',
      'https://acme-uploads.cdn.example/a?Signature=mine&expires=no',
    ],
    [
      'Markdown',
      '![x](http://minio:9000/uploads/a(1).jpg) and [y](http://minio/uploads/b "t")',
      '![x](https://acme-uploads.cdn.example/a(1).jpg) and [y](https://acme-uploads.cdn.example/b "t")',
    ],
    [
      'a style',
      'background:url(http://minio:9000/uploads/a.png);x',
      'background:url(https://acme-uploads.cdn.example/a.png);x',
    ],
    [
      'a style in an attribute',
      'style="background:url(&quot;http://minio:9000/uploads/a.png&quot;)"',
      'style="background:url(&quot;https://acme-uploads.cdn.example/a.png&quot;)"',
    ],
    [
      'srcset',
      'srcset="http://minio/uploads/a.jpg 1x, http://minio/uploads/b.jpg 2x"',
      'srcset="https://acme-uploads.cdn.example/a.jpg 1x, https://acme-uploads.cdn.example/b.jpg 2x"',
    ],
    [
      'a list without blanks',
      'http://minio/uploads/a,http://minio/uploads/b',
      'https://acme-uploads.cdn.example/a,https://acme-uploads.cdn.example/b',
    ],
    [
      'slashes escaped',
      '{"u":"http:\\/\\/minio:9000\\/uploads\\/a.jpg\\n"}',
      '{"u":"https:\\/\\/acme-uploads.cdn.example\\/a.jpg\\n"}',
    ],
    [
      'after an escaped line end',
      '"one\\nhttp://minio:9000/uploads/a"',
      '"one\\nhttps://acme-uploads.cdn.example/a"',
    ],
    [
      'inside another link, encoded',
      '/_next/image?url=http%3A%2F%2Fminio%3A9000%2Fuploads%2Fa%2520b.jpg&w=640',
      '/_next/image?url=https%3A%2F%2Facme-uploads.cdn.example%2Fa%2520b.jpg&w=640',
    ],
    [
      'inside another link, presigned',
      `?u=${encodeURIComponent(`http://minio:9000/uploads/a?${signature}`)}&w=1`,
      `?u=${encodeURIComponent('https://acme-uploads.cdn.example/a')}&w=1`,
    ],
    [
      'inside another link, plain',
      'https://proxy.example/?u=http://minio:9000/uploads/a.jpg&w=1',
      'https://proxy.example/?u=https://acme-uploads.cdn.example/a.jpg&w=1',
    ],
    [
      'percent-encoded key',
      'http://minio:9000/uploads/caf%C3%A9%20%2525.txt',
      'https://acme-uploads.cdn.example/caf%C3%A9%20%2525.txt',
    ],
    [
      'a plus sign',
      'http://minio:9000/uploads/a+b.txt?q=c+d',
      'https://acme-uploads.cdn.example/a%2Bb.txt?q=c+d',
    ],
    ['the bucket alone', 'http://minio:9000/uploads', 'https://acme-uploads.cdn.example'],
    ['the bucket with a slash', '"http://minio:9000/uploads/"', '"https://acme-uploads.cdn.example/"'],
    ['doubled slashes', 'http://minio:9000/uploads//a//b', 'https://acme-uploads.cdn.example//a//b'],
    [
      'accents in both forms',
      'http://minio/uploads/\u00e9/e\u0301',
      'https://acme-uploads.cdn.example/\u00e9/e\u0301',
    ],
    ['a template', 'http://minio:9000/uploads/%s.jpg', 'https://acme-uploads.cdn.example/%s.jpg'],
    [
      'in quotes of print',
      '“http://minio/uploads/a” he said',
      '“https://acme-uploads.cdn.example/a” he said',
    ],
  ])('%s', (_name, before, after) => {
    expect(rewrite(before)).toBe(after);
    expect(rewrite(after)).toBe(after);
  });

  it.each([
    'http://minio.example:9000/uploads/a',
    'http://minio:9000.example/uploads/a',
    'http://minio:9001/uploads/a',
    'http://minio:9000@evil.example/uploads/a',
    'http://user:secret@minio:9000/uploads/a',
    'http://xminio:9000/uploads/a',
    'ftp://minio:9000/uploads/a',
    'xhttp://minio:9000/uploads/a',
    'http://minio:9000/other/a',
    'http://minio:9000/uploadsx/a',
    'http://minio:9000/',
    'minio:9000/uploads/a',
    'path//minio/uploads/a',
    'http://other.minio:9000/a',
    'https://acme.example/storages/uploads/a',
    'http://minio:9000/uploads/../avatars/a',
    'http://minio:9000/uploads/%2E%2e/avatars/a',
  ])('leaves %s', (text) => {
    expect(rewrite(text)).toBe(text);
  });

  it('says why a link stays', () => {
    const two = linkRules({ ...settings, publicUrl: undefined }, ['uploads', 'avatars']);
    const text =
      'http://minio:9000 http://minio:9000/other/a http://minio:9000/uploads/a http://minio/avatars/../a';
    expect(findLinks(text, two).map(({ left }) => left)).toEqual([
      'no-bucket',
      'unknown-bucket',
      'no-public-address',
      'unsafe-path',
    ]);
  });

  it('refuses a public address that is an old one', () => {
    expect(() => linkRules({ ...settings, publicUrl: 'http://minio:9000/{bucket}' }, ['uploads'])).toThrow(
      /one of the old storage/,
    );
  });
});

/** Keys as applications make them and as nobody would. */
const key = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 12 }),
      fc.constantFrom(
        'a+b',
        'é',
        'e\u0301',
        '100%',
        '%20',
        'a&b=c',
        'x?y',
        '#1',
        '(1)',
        "it's",
        '..a',
        '~',
        '*.',
        '😀',
      ),
    ),
    { minLength: 1, maxLength: 4 },
  )
  .map((segments) => segments.join('/'))
  .filter(
    (text) => text !== '' && !/\p{Cs}/u.test(text) && !text.split('/').some((part) => /^\.{1,2}$/.test(part)),
  );
const encodeKey = (text: string): string =>
  text
    .split('/')
    .map((part) => encodeURIComponent(part).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16)}`))
    .join('/');
const quiet = fc
  .string({ unit: 'grapheme', maxLength: 30 })
  .filter((text) => !/\/\/|%2f|http|[\\%]$/i.test(text));
const link = fc.record({
  head: fc.constantFrom(
    ['http://minio:9000/uploads/', 'https://acme-uploads.cdn.example/'],
    ['https://minio/avatars/', 'https://faces.example/a/'],
    ['http://uploads.minio:9000/', 'https://acme-uploads.cdn.example/'],
    ['https://acme.example/storage/avatars/', 'https://faces.example/a/'],
  ),
  key,
  query: fc.constantFrom('', `?${signature}`, '?v=1', `?v=1&${signature}`),
});
const spell = ({ head, key: name, query }: typeof link extends fc.Arbitrary<infer L> ? L : never) => {
  const kept = query.startsWith('?v=1') ? '?v=1' : '';
  return {
    before: `${head[0]}${encodeKey(name)}${query}`,
    after: `${head[1]}${encodeKey(name)}${kept}`,
    name,
  };
};
const frames = [
  (url: string) => ` ${url} `,
  (url: string) => ` <a href="${url}">x</a>`,
  (url: string) => ` <a href='${url}'>x</a>`,
  (url: string) => ` [t](${url}) `,
  (url: string) => ` <${url}>, `,
  (url: string) => `\n"${url}"\n`,
];

describe('any text', () => {
  it('links change, and nothing else does', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(quiet, link, fc.nat(frames.length - 1)), { maxLength: 5 }),
        quiet,
        (parts, end) => {
          const text = (pick: 'before' | 'after') =>
            parts.map(([around, one, frame]) => around + (frames[frame]?.(spell(one)[pick]) ?? '')).join('') +
            end;
          expect(rewrite(text('before'))).toBe(text('after'));
        },
      ),
      { numRuns: 400 },
    );
  });

  it('a rewritten link leads to the same key', () => {
    fc.assert(
      fc.property(link, (one) => {
        const { before, name } = spell(one);
        const [found] = findLinks(before, rules);
        const url = new URL(found?.replacement?.url ?? '');
        const path = decodeURIComponent(url.pathname).slice(url.hostname === 'faces.example' ? 3 : 1);
        expect(path).toBe(name);
      }),
      { numRuns: 300 },
    );
  });

  it('a second pass finds nothing to do', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            quiet,
            link.map((one) => spell(one).before),
          ),
          { maxLength: 8 },
        ),
        (parts) => {
          const once = rewrite(parts.join(' '));
          expect(rewrite(once)).toBe(once);
        },
      ),
    );
  });
});

describe('JSON', () => {
  it('changes string values alone: no key, number, blank, order or repeated member', () => {
    const json = `{ "http://minio:9000/uploads/k" : 1.50, "n":1e400, "a": [ "http://minio:9000/uploads/a\\u00e9" ,null],  "d":"x","d":"http:\\/\\/minio\\/uploads\\/b" }`;
    expect(rewriteJson(json, rewrite)).toBe(
      `{ "http://minio:9000/uploads/k" : 1.50, "n":1e400, "a": [ "https://acme-uploads.cdn.example/a\\u00e9" ,null],  "d":"x","d":"https:\\/\\/acme-uploads.cdn.example\\/b" }`,
    );
  });

  it('means the same as changing the parsed value', () => {
    const change = (text: string): string => text.replaceAll('a', 'bä"\\');
    const deep = (value: unknown): unknown => {
      if (typeof value === 'string') return change(value);
      if (Array.isArray(value)) return value.map(deep);
      if (typeof value !== 'object' || value === null) return value;
      return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, deep(inner)]));
    };
    fc.assert(
      fc.property(fc.json({ stringUnit: 'binary' }), fc.constantFrom(0, 2), (json, indent) => {
        const text = JSON.stringify(JSON.parse(json), undefined, indent);
        expect(JSON.parse(rewriteJson(text, change))).toEqual(deep(JSON.parse(text)));
      }),
    );
  });
});

describe('text forms of arrays and composite values', () => {
  it('arrays', () => {
    const change = (text: string): string => text.replace('old', 'new, "x"');
    expect(rewriteArray('[0:2]={old,NULL,"NULL"}', change)).toBe('[0:2]={"new, \\"x\\"",NULL,"NULL"}');
    expect(rewriteArray('{{"a \\"old\\"",b},{"",c}}', change)).toBe('{{"a \\"new, \\"x\\"\\"",b},{"",c}}');
    expect(rewriteArray('{}', change)).toBe('{}');
  });
  it('records', () => {
    const change = (text: string, index: number): string =>
      index === 2 ? text.replace('old', 'new (1)') : text;
    expect(rewriteRecord('(old,,"say ""old""\\\\",old)', change)).toBe('(old,,"say ""new (1)""\\\\",old)');
  });
});
