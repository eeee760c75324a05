import { describe, expect, it } from 'vitest';
import { readBody } from './body';
import { verifySignature } from './signature';
import { parseTarget } from './uri';

const credentials = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
};
const at = Date.parse('2013-05-24T00:00:00Z');
const region = ['us-east-1'];
const scope = 'AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request';

describe('the chunked upload that AWS publishes as an example', () => {
  const headers = {
    host: 's3.amazonaws.com',
    'x-amz-date': '20130524T000000Z',
    'x-amz-storage-class': 'REDUCED_REDUNDANCY',
    authorization: `AWS4-HMAC-SHA256 Credential=${scope},SignedHeaders=content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class,Signature=4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9`,
    'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
    'content-encoding': 'aws-chunked',
    'x-amz-decoded-content-length': '66560',
    'content-length': '66824',
  };
  const chunk = (size: number, signature: string): string =>
    `${size.toString(16)};chunk-signature=${signature}\r\n${'a'.repeat(size)}\r\n`;
  const first = chunk(65_536, 'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648');
  const second = chunk(1024, '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497');
  const end = chunk(0, 'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9');

  async function read(body: string, pieces: number): Promise<number> {
    const target = parseTarget('/examplebucket/chunkObject.txt');
    const payload = verifySignature({ method: 'PUT', headers, target }, credentials, region, at);
    async function* source(): AsyncGenerator<Buffer> {
      for (let start = 0; start < body.length; start += pieces) {
        yield await Promise.resolve(Buffer.from(body.slice(start, start + pieces)));
      }
    }
    return (await readBody(source(), headers, payload, () => {})).size;
  }

  it.each([1_000_000, 1000, 97])('is taken in pieces of %i bytes', async (pieces) => {
    expect(await read(first + second + end, pieces)).toBe(66_560);
  });
  it('is refused with another byte, without its end, or with chunks in another order', async () => {
    await expect(read(first.replace('aaa', 'aab') + second + end, 1000)).rejects.toMatchObject({
      code: 'SignatureDoesNotMatch',
    });
    await expect(read(first + second, 1000)).rejects.toMatchObject({ code: 'IncompleteBody' });
    await expect(read(second + first + end, 1000)).rejects.toMatchObject({ code: 'SignatureDoesNotMatch' });
  });
});

describe('the presigned address that AWS publishes as an example', () => {
  const query =
    `X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${encodeURIComponent(scope)}&X-Amz-Date=20130524T000000Z` +
    '&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404';
  const verify = (now: number, path = '/test.txt'): unknown =>
    verifySignature(
      {
        method: 'GET',
        headers: { host: 'examplebucket.s3.amazonaws.com' },
        target: parseTarget(`${path}?${query}`),
      },
      credentials,
      region,
      now,
    );
  it('is taken until it expires', () => {
    expect(verify(at + 86_400_000)).toBeDefined();
    expect(() => verify(at + 86_401_000)).toThrow('expired');
  });
  it('is refused for another key', () => {
    expect(() => verify(at, '/other.txt')).toThrow('signature');
  });
});
