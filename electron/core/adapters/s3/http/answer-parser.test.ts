import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AnswerParser } from './answer-parser';
import { WireError } from './wire-error';

interface Read {
  status: number;
  headers: Readonly<Record<string, string>>;
  length: number | undefined;
  body: string;
  ended: boolean;
}

/** Feeds a text in pieces that end at the given places, and closes. */
function read(
  text: string,
  { method = 'GET', cuts = [], close = false }: { method?: string; cuts?: number[]; close?: boolean } = {},
): Read & { keepAlive: boolean } {
  const parser = new AnswerParser();
  const found: Read = { status: 0, headers: {}, length: undefined, body: '', ended: false };
  parser.begin(method, {
    head: (status, headers, length) => Object.assign(found, { status, headers, length }),
    data: (piece) => (found.body += piece.toString('latin1')),
    end: () => (found.ended = true),
  });
  const bytes = Buffer.from(text, 'latin1');
  const ends = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  let from = 0;
  for (const end of [...ends, bytes.length]) {
    parser.feed(bytes.subarray(from, end));
    from = end;
  }
  if (close) parser.close();
  return { ...found, keepAlive: parser.keepAlive };
}

const codeOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (error instanceof WireError) return error.code;
    throw error;
  }
  return 'none';
};

const answers = {
  fixed: 'HTTP/1.1 200 OK\r\nETag: "abc"\r\nContent-Length: 5\r\n\r\nhello',
  chunked:
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nhel\r\n2\r\nlo\r\n0\r\nTrailer: x\r\n\r\n',
  interim: 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello',
};

describe('AnswerParser', () => {
  it.each(Object.entries(answers))('reads a %s answer however its bytes are cut', (_name, text) => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 8 }), (cuts) => {
        expect(read(text, { cuts })).toMatchObject({
          status: 200,
          body: 'hello',
          ended: true,
          keepAlive: true,
        });
      }),
    );
  });

  it('keeps the bytes of header values, and joins names that come twice', () => {
    const { headers } = read(
      'HTTP/1.1 200 OK\r\nX-Amz-Meta-Who: \tvoil\u00c3\u00a0 \r\nVary: a\r\nvary: b\r\nEmpty:\r\nContent-Length: 0\r\n\r\n',
    );
    expect(headers).toEqual({
      'x-amz-meta-who': 'voil\u00c3\u00a0',
      vary: 'a, b',
      empty: '',
      'content-length': '0',
    });
  });

  it.each([
    ['HEAD', '200 OK'],
    ['GET', '304 Not Modified'],
    ['DELETE', '204 No Content'],
  ])('expects no body after %s and %s', (method, status) => {
    const answer = read(`HTTP/1.1 ${status}\r\nContent-Length: 5\r\n\r\n`, { method });
    expect(answer).toMatchObject({ body: '', ended: true, length: 0, headers: { 'content-length': '5' } });
  });

  it('reads a body without a length to the end of the connection, and keeps no such connection', () => {
    const text = 'HTTP/1.1 200 OK\r\n\r\nhello';
    expect(read(text)).toMatchObject({ body: 'hello', ended: false });
    expect(read(text, { close: true })).toMatchObject({ body: 'hello', ended: true, keepAlive: false });
  });

  it.each(['HTTP/1.1 200 OK\r\nConnection: Close\r\n', 'HTTP/1.0 200 OK\r\n'])(
    'keeps no connection after %j',
    (head) => {
      expect(read(`${head}Content-Length: 5\r\n\r\nhello`)).toMatchObject({ ended: true, keepAlive: false });
    },
  );

  it.each(Object.entries(answers))(
    'says that a %s answer is not whole when the connection ends in it',
    (_name, text) => {
      for (let length = 0; length < text.length; length += 1)
        expect(codeOf(() => read(text.slice(0, length), { close: true }))).toBe('HTTP_CLOSED');
    },
  );

  it.each([
    ['no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n\r\n'],
    ['another protocol', 'HTTP/1.1 101 Switching Protocols\r\nTransfer-Encoding: gzip\r\n\r\n'],
    ['a folded header', 'HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 0\r\n\r\n'],
    ['a header with a space in its name', 'HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\nhello'],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello'],
    ['a negative length', 'HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello'],
    ['a length and pieces', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['an unknown coding', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n'],
    ['a size that is none', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5 5\r\nhello\r\n0\r\n\r\n'],
    [
      'a piece that is too long',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhello\r\n0\r\n\r\n',
    ],
    ['a head without end', `HTTP/1.1 200 OK\r\nA: ${'x'.repeat(70_000)}`],
    ['a long head', `HTTP/1.1 200 OK\r\nA: ${'x'.repeat(70_000)}\r\n\r\n`],
  ])('refuses %s', (_name, text) => {
    expect(codeOf(() => read(text))).toBe('HTTP_INVALID');
    const cuts = Array.from({ length: 40 }, (_unused, index) => index * 1021);
    expect(codeOf(() => read(text, { cuts }))).toBe('HTTP_INVALID');
  });

  it('refuses bytes that nobody asked for', () => {
    expect(codeOf(() => read(`${answers.fixed}HTTP/1.1 200 OK\r\n`))).toBe('HTTP_UNEXPECTED');
  });

  it('never reads beyond what a chunked body says, whatever its bytes are', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 6 }),
        fc.array(fc.nat()),
        (pieces, cuts) => {
          const body = pieces.map((piece) => Buffer.from(piece).toString('latin1'));
          const wire = body.map((text) => `${text.length.toString(16)}\r\n${text}\r\n`).join('');
          const text = `HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n${wire}0\r\n\r\n`;
          expect(read(text, { cuts })).toMatchObject({ body: body.join(''), ended: true });
        },
      ),
    );
  });
});
