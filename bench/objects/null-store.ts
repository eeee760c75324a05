/**
 * A store that holds nothing and checks nothing, so that the client is what is measured: `null-store.ts source|sink COUNT BYTES`. As a source
 * it lists COUNT keys and answers each with the same bytes; as a sink it takes everything, and lists the same keys once it was sent one.
 * Prints its address.
 */
import { createHash } from 'node:crypto';
import { createServer, type Socket } from 'node:net';

const [role, countText, bytesText] = process.argv.slice(2);
const count = Number(countText);
const body = Buffer.alloc(Number(bytesText), 'x');
const md5 = createHash('md5').update(body).digest('hex');
const page = 1000;
const listed = Array.from({ length: count }, (_unused, index) => `object-${String(index).padStart(7, '0')}`);
const date = 'Thu, 01 Jan 2026 00:00:00 GMT';
const bucket = 'null';
let made = role === 'source';
let written = role === 'source';

const reply = (status: string, headers: string, text = ''): string =>
  `HTTP/1.1 ${status}\r\n${headers}content-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
const xml = 'content-type: application/xml\r\n';
const objectHeaders = `etag: "${md5}"\r\nlast-modified: ${date}\r\ncontent-type: application/octet-stream\r\nx-amz-meta-mtime: 1767225600\r\naccept-ranges: bytes\r\ncontent-length: ${body.length}\r\n\r\n`;
const head = `HTTP/1.1 200 OK\r\n${objectHeaders}`;
const whole = Buffer.concat([Buffer.from(head), body]);
const taken = reply('200 OK', `etag: "${md5}"\r\n`);
const missing = (code: string): string =>
  reply('404 Not Found', xml, `<Error><Code>${code}</Code><Message>It is not there.</Message></Error>`);
const notHere = 'HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n';

function listing(query: URLSearchParams): string {
  const start = Number(query.get('continuation-token') ?? 0);
  const after = query.get('start-after');
  const from = after === null || start > 0 ? start : listed.findIndex((key) => key > after);
  const keys = written && from >= 0 ? listed.slice(from, from + Number(query.get('max-keys') ?? page)) : [];
  const next = from + keys.length;
  const more = written && from >= 0 && next < listed.length;
  const entries = keys.map(
    (key) =>
      `<Contents><Key>${key}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>&quot;${md5}&quot;</ETag><Size>${body.length}</Size></Contents>`,
  );
  return `<ListBucketResult><Name>${bucket}</Name><KeyCount>${keys.length}</KeyCount><IsTruncated>${more}</IsTruncated>${
    more ? `<NextContinuationToken>${next}</NextContinuationToken>` : ''
  }${entries.join('')}</ListBucketResult>`;
}

function answer(method: string, target: string): string | Buffer {
  const [path = '', query = ''] = target.split('?');
  const [, , ...rest] = path.split('/');
  const key = rest.join('/');
  if (path === '/') {
    const buckets = made
      ? `<Bucket><Name>${bucket}</Name><CreationDate>2026-01-01T00:00:00.000Z</CreationDate></Bucket>`
      : '';
    return reply(
      '200 OK',
      xml,
      `<ListAllMyBucketsResult><Buckets>${buckets}</Buckets></ListAllMyBucketsResult>`,
    );
  }
  if (key === '') {
    if (method === 'PUT') made = true;
    else if (!made) return method === 'HEAD' ? notHere : missing('NoSuchBucket');
    return method === 'GET' && !query.includes('uploads')
      ? reply('200 OK', xml, listing(new URLSearchParams(query)))
      : reply('200 OK', '', query.includes('uploads') ? '<ListMultipartUploadsResult/>' : '');
  }
  if (method === 'PUT') {
    written = true;
    return taken;
  }
  if (!written) return method === 'HEAD' ? notHere : missing('NoSuchKey');
  return method === 'HEAD' ? head : whole;
}

/** Requests on one connection, one after another; bodies are dropped as they come. */
function serve(socket: Socket): void {
  let pending = '';
  let skip = 0;
  let waiting: string | Buffer = '';
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    let rest = chunk;
    while (rest.length > 0) {
      if (skip > 0) {
        const dropped = Math.min(skip, rest.length);
        skip -= dropped;
        rest = rest.subarray(dropped);
        if (skip === 0) socket.write(waiting);
        continue;
      }
      pending += rest.toString('latin1');
      const end = pending.indexOf('\r\n\r\n');
      if (end < 0) return;
      const lines = pending.slice(0, end);
      rest = Buffer.from(pending.slice(end + 4), 'latin1');
      pending = '';
      const [method = '', target = ''] = lines.split(' ', 2);
      const length = Number(/\r\ncontent-length: *(\d+)/i.exec(lines)?.[1] ?? 0);
      const text = answer(method, target);
      if (length === 0) socket.write(text);
      else {
        skip = length;
        waiting = text;
        if (/\r\nexpect: *100/i.test(lines)) socket.write('HTTP/1.1 100 Continue\r\n\r\n');
      }
    }
  });
}

const server = createServer({ noDelay: true }, serve);
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The store has no port.');
  console.log(`http://127.0.0.1:${address.port}`);
});
