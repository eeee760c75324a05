import { createHash, createHmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSigner, emptyPayload, unsignedPayload, type Signature } from './sign';
import { encodeKey, encodeQuery } from './uri-encode';

const example = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  region: 'us-east-1',
};
const at = new Date('2013-05-24T00:00:00Z');
const host = 'examplebucket.s3.amazonaws.com';
const signatureOf = ({ authorization }: Signature): string => authorization.split('Signature=')[1] ?? '';

describe('the examples that AWS publishes for S3', () => {
  const sign = createSigner(example);
  it.each([
    [
      'GET object',
      {
        method: 'GET',
        path: '/test.txt',
        query: '',
        headers: { host, range: 'bytes=0-9' },
        payload: emptyPayload,
      },
      'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    ],
    [
      'PUT object',
      {
        method: 'PUT',
        path: '/test%24file.text',
        query: '',
        headers: { host, date: 'Fri, 24 May 2013 00:00:00 GMT', 'x-amz-storage-class': 'REDUCED_REDUNDANCY' },
        payload: '44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072',
      },
      '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
    ],
    [
      'GET bucket lifecycle',
      {
        method: 'GET',
        path: '/',
        query: encodeQuery({ lifecycle: '' }),
        headers: { host },
        payload: emptyPayload,
      },
      'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
    ],
    [
      'list objects',
      {
        method: 'GET',
        path: '/',
        query: encodeQuery({ prefix: 'J', 'max-keys': '2' }),
        headers: { host },
        payload: emptyPayload,
      },
      '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
    ],
  ])('%s', (_name, request, expected) => {
    expect(signatureOf(sign(request, at))).toBe(expected);
  });
});

/** What the SDK's signer wants of a hash. */
class Sha256 {
  readonly #hash;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    const key =
      secret === undefined || typeof secret === 'string'
        ? secret
        : ArrayBuffer.isView(secret)
          ? new Uint8Array(secret.buffer, secret.byteOffset, secret.byteLength)
          : new Uint8Array(secret);
    this.#hash = key === undefined ? createHash('sha256') : createHmac('sha256', key);
  }
  update(data: Uint8Array | string): void {
    this.#hash.update(data);
  }
  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest());
  }
  reset(): void {
    throw new Error('Not used.');
  }
}

const key = fc.string({ unit: 'binary', minLength: 1, maxLength: 40 });
const value = fc.stringMatching(/^[!-~]([ -~]{0,20}[!-~])?$/);

it('signs the last byte of a UTF-8 text, which JavaScript takes for white space', () => {
  const signed = (value: string): string =>
    signatureOf(
      createSigner(example)(
        { method: 'GET', path: '/', query: '', headers: { 'x-amz-meta-a': value }, payload: emptyPayload },
        at,
      ),
    );
  expect(signed('voil\u00c3\u00a0')).not.toBe(signed('voil\u00c3'));
  expect(signed(' \ta  b\t ')).toBe(signed('a b'));
});

describe('the SDK’s own signer', () => {
  it('signs any key, query and header alike', async () => {
    await fc.assert(
      fc.asyncProperty(
        key,
        fc.dictionary(
          fc.string({ unit: 'binary', minLength: 1, maxLength: 8 }),
          fc.string({ unit: 'binary', maxLength: 8 }),
          {
            maxKeys: 4,
          },
        ),
        fc.dictionary(fc.stringMatching(/^x-amz-meta-[a-z0-9]{1,8}$/), value, { maxKeys: 3 }),
        fc.date({ min: new Date('2001-01-01'), max: new Date('2099-01-01'), noInvalidDate: true }),
        async (name, query, metadata, date) => {
          const headers = { ...metadata, host };
          const path = `/bucket/${encodeKey(name)}`;
          const ours = createSigner(example)(
            { method: 'PUT', path, query: encodeQuery(query), headers, payload: unsignedPayload },
            date,
          );
          const theirs = new SignatureV4({
            service: 's3',
            region: example.region,
            credentials: example,
            sha256: Sha256,
            uriEscapePath: false,
            applyChecksum: false,
          });
          const signed = await theirs.sign(
            {
              method: 'PUT',
              protocol: 'https:',
              hostname: host,
              path,
              query: { ...query },
              headers: { ...headers, 'x-amz-content-sha256': unsignedPayload },
            },
            { signingDate: date },
          );
          expect(ours.authorization).toBe(signed.headers['authorization']);
        },
      ),
    );
  });
});

describe('a key in a path', () => {
  it('is its UTF-8 bytes, percent-encoded, with slashes and dots as they are', () => {
    expect(encodeKey("a/../b//c d+e%f'\u00e9\u{1f600}")).toBe('a/../b//c%20d%2Be%25f%27%C3%A9%F0%9F%98%80');
  });
  it('decodes to the same key', () => {
    fc.assert(
      fc.property(key, (name) => {
        expect(decodeURIComponent(encodeKey(name))).toBe(name);
      }),
    );
  });
});
