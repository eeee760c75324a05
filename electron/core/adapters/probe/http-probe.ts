import { Agent, request } from 'undici';
import packageJson from '../../../../package.json' with { type: 'json' };
import { classifyNetworkError } from './classify';

/** What a web address answered. */
export interface HttpAnswer {
  status: number;
  /** Lower-case names. */
  headers: Readonly<Record<string, string>>;
  /** The first {@link bodyLimit} bytes as text. */
  text: string;
  /** Milliseconds until the answer began, connection and TLS included. */
  firstByteMs: number;
  totalMs: number;
}

export interface HttpProbe {
  url: string;
  method?: 'GET' | 'POST' | 'OPTIONS';
  headers?: Readonly<Record<string, string>>;
  body?: string;
}

const bodyLimit = 256 * 1024;

/**
 * One request over a connection of its own, so that a closed port is seen at once. Redirects are not followed, certificates are verified.
 * Any status is an answer. Throws the network's codes.
 */
export async function probeHttp(probe: HttpProbe, signal: AbortSignal): Promise<HttpAnswer> {
  const dispatcher = new Agent({ pipelining: 0, connect: { timeout: 10_000 }, maxResponseSize: -1 });
  const started = performance.now();
  try {
    const response = await request(probe.url, {
      dispatcher,
      method: probe.method ?? 'GET',
      headers: { 'user-agent': `cutover/${packageJson.version}`, ...probe.headers },
      ...(probe.body === undefined ? {} : { body: probe.body }),
      signal,
    });
    const firstByteMs = performance.now() - started;
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of response.body) {
      if (!Buffer.isBuffer(chunk)) continue;
      chunks.push(chunk);
      size += chunk.length;
      if (size > bodyLimit) break;
    }
    const headers = Object.fromEntries(
      Object.entries(response.headers).map(([name, value]) => [name, String(value)]),
    );
    return {
      status: response.statusCode,
      headers,
      text: Buffer.concat(chunks).toString('utf8'),
      firstByteMs,
      totalMs: performance.now() - started,
    };
  } catch (error) {
    throw classifyNetworkError(error, new URL(probe.url).host);
  } finally {
    void dispatcher.destroy();
  }
}
