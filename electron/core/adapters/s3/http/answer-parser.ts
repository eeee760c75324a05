import { WireError } from './wire-error';

/** What is told of an answer as it comes. */
export interface AnswerSink {
  /** `length` is that of the body in bytes, undefined where only its end will tell. Header names are in lower case, values byte strings. */
  head(status: number, headers: Readonly<Record<string, string>>, length: number | undefined): void;
  /** A piece of the body. It lies in the buffer that was fed, which may be used again. */
  data(piece: Buffer): void;
  end(): void;
}

type State = 'idle' | 'head' | 'fixed' | 'chunk-size' | 'chunk' | 'chunk-end' | 'trailers' | 'until-close';

const longestHead = 64 * 1024;
const longestChunkLine = 1024;
const statusLine = /^HTTP\/1\.([01]) (\d{3})(?: |$)/;
const name = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/**
 * Reads the answers of one HTTP/1.1 connection, one after another, however their bytes are cut. It takes only what is plain: what two readers
 * could understand in two ways is an error, because a connection that is read wrongly gives one object the bytes of another.
 */
export class AnswerParser {
  #state: State = 'idle';
  #sink: AnswerSink | undefined;
  #bodyless = false;
  /** The beginning of a head or line whose end has not come yet. */
  #pending = '';
  /** Bytes of the body or chunk that are still to come. */
  #left = 0;
  #keepAlive = true;

  /** Expects the answer to a request. */
  begin(method: string, sink: AnswerSink): void {
    this.#state = 'head';
    this.#sink = sink;
    this.#bodyless = method === 'HEAD';
    this.#pending = '';
  }

  /** Whether another request may follow the answer that ended last. */
  get keepAlive(): boolean {
    return this.#keepAlive;
  }

  /** Takes the next bytes. Throws a WireError for what is no answer, and for bytes that nobody asked for. */
  feed(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length) {
      switch (this.#state) {
        case 'idle':
          throw new WireError('HTTP_UNEXPECTED', 'The server sends more than it was asked for.');
        case 'head':
          at = this.#readHead(bytes, at);
          break;
        case 'fixed':
        case 'chunk':
          at = this.#readBody(bytes, at);
          break;
        case 'until-close':
          this.#sink?.data(at === 0 ? bytes : bytes.subarray(at));
          at = bytes.length;
          break;
        case 'chunk-size':
        case 'chunk-end':
        case 'trailers':
          at = this.#readLine(bytes, at);
      }
    }
  }

  /** The connection has ended. Throws a WireError when an answer is not whole. */
  close(): void {
    if (this.#state === 'until-close') this.#finish();
    else if (this.#state !== 'idle')
      throw new WireError('HTTP_CLOSED', 'The server closed the connection before the answer was whole.');
  }

  #finish(): void {
    const sink = this.#sink;
    this.#state = 'idle';
    this.#sink = undefined;
    sink?.end();
  }

  #readHead(bytes: Buffer, from: number): number {
    let text: string;
    let next: number;
    if (this.#pending === '') {
      const end = bytes.indexOf('\r\n\r\n', from, 'latin1');
      next = end === -1 ? bytes.length : end + 4;
      text = bytes.toString('latin1', from, next);
      if (end === -1) {
        this.#pending = text;
        this.#limit(longestHead);
        return next;
      }
    } else {
      const known = this.#pending.length;
      this.#pending += bytes.toString('latin1', from, Math.min(bytes.length, from + longestHead + 4));
      const end = this.#pending.indexOf('\r\n\r\n', Math.max(0, known - 3));
      if (end === -1) {
        this.#limit(longestHead);
        return bytes.length;
      }
      text = this.#pending.slice(0, end + 4);
      next = from + end + 4 - known;
      this.#pending = '';
    }
    if (text.length > longestHead) throw tooLong();
    this.#takeHead(text);
    return next;
  }

  #takeHead(text: string): void {
    const first = text.indexOf('\r\n');
    const status = statusLine.exec(text.slice(0, first));
    if (status === null) throw new WireError('HTTP_INVALID', 'What comes back is not HTTP.');
    const code = Number(status[2]);
    // An interim answer; the real one follows.
    if (code >= 100 && code < 200 && code !== 101) return;
    const headers = readHeaders(text, first + 2);
    const connection = headers['connection']?.toLowerCase() ?? '';
    this.#keepAlive = status[1] === '1' && !connection.includes('close') && code !== 101;
    const coding = headers['transfer-encoding'];
    const length = headers['content-length'];
    if (coding !== undefined && (length !== undefined || coding.toLowerCase() !== 'chunked'))
      throw new WireError('HTTP_INVALID', 'The answer does not say clearly where it ends.');
    if (length !== undefined && !/^\d{1,15}$/.test(length))
      throw new WireError('HTTP_INVALID', 'The answer has a length that is no number.');
    const sink = this.#sink;
    if (this.#bodyless || code === 204 || code === 304 || length === '0') {
      sink?.head(code, headers, 0);
      this.#finish();
      return;
    }
    if (length !== undefined) {
      this.#left = Number(length);
      this.#state = 'fixed';
    } else if (coding !== undefined) this.#state = 'chunk-size';
    else {
      this.#keepAlive = false;
      this.#state = 'until-close';
    }
    sink?.head(code, headers, length === undefined ? undefined : this.#left);
  }

  #readBody(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + this.#left);
    this.#left -= end - at;
    this.#sink?.data(at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end));
    if (this.#left === 0) {
      if (this.#state === 'chunk') this.#state = 'chunk-end';
      else this.#finish();
    }
    return end;
  }

  /** A line between chunks, or behind the last of them. */
  #readLine(bytes: Buffer, from: number): number {
    const end = bytes.indexOf(10, from);
    const next = end === -1 ? bytes.length : end + 1;
    this.#pending += bytes.toString('latin1', from, next);
    this.#limit(longestChunkLine);
    if (end === -1) return next;
    const line = this.#pending;
    this.#pending = '';
    if (!line.endsWith('\r\n')) throw badChunk();
    if (this.#state === 'chunk-size') {
      const size = /^([0-9a-fA-F]{1,12})[ \t]*(?:;[^\r]*)?\r\n$/.exec(line)?.[1];
      if (size === undefined) throw badChunk();
      this.#left = Number.parseInt(size, 16);
      this.#state = this.#left === 0 ? 'trailers' : 'chunk';
    } else if (this.#state === 'chunk-end') {
      if (line !== '\r\n') throw badChunk();
      this.#state = 'chunk-size';
    } else if (line === '\r\n') this.#finish();
    return next;
  }

  #limit(most: number): void {
    if (this.#pending.length > most) throw tooLong();
  }
}

/** Each name once: the values of a name that comes twice are joined. */
function readHeaders(text: string, from: number): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let start = from; ;) {
    const end = text.indexOf('\r\n', start);
    if (end <= start) return headers;
    const colon = text.indexOf(':', start);
    const key = text.slice(start, colon);
    if (colon === -1 || colon > end || !name.test(key))
      throw new WireError('HTTP_INVALID', 'The answer has a header that is none.');
    const lower = key.toLowerCase();
    const value = trimmed(text, colon + 1, end);
    const earlier = headers[lower];
    headers[lower] = earlier === undefined ? value : `${earlier}, ${value}`;
    start = end + 2;
  }
}

/** Without the spaces and tabs around it, and those alone: to JavaScript other bytes of UTF-8 are white as well. */
function trimmed(text: string, from: number, to: number): string {
  let [start, end] = [from, to];
  while (start < end && isBlank(text.charCodeAt(start))) start += 1;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09;

const tooLong = (): WireError => new WireError('HTTP_INVALID', 'The head of the answer has no end.');
const badChunk = (): WireError =>
  new WireError('HTTP_INVALID', 'The pieces of the answer do not fit together.');
