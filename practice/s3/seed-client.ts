import { createHash } from 'node:crypto';
import { Agent, request as httpRequest } from 'node:http';
import { signHeaders, type Credentials } from './signature';
import { encodeUri } from './uri';

export interface SeedRequest {
  method: 'PUT' | 'POST';
  bucket: string;
  key?: string;
  query?: string;
  headers?: Readonly<Record<string, string>>;
  body?: Buffer;
}

export interface SeedClient {
  /** Throws an Error with status and answer when the store refuses. */
  send(request: SeedRequest): Promise<{ etag: string; text: string }>;
  close(): void;
}

/** A client just large enough to fill a store on loopback quickly. */
export function createSeedClient(
  endpoint: string,
  credentials: Credentials,
  signal: AbortSignal,
): SeedClient {
  const { hostname, port, host } = new URL(endpoint);
  const agent = new Agent({ keepAlive: true });
  return {
    send: ({ method, bucket, key, query = '', headers = {}, body = Buffer.alloc(0) }) => {
      const path = `/${bucket}${key === undefined ? '' : `/${encodeUri(key, '/')}`}`;
      const all = {
        ...headers,
        host,
        'x-amz-content-sha256': createHash('sha256').update(body).digest('hex'),
      };
      const signed = signHeaders({ method, path, query, headers: all }, credentials, 'us-east-1', Date.now());
      return new Promise((resolve, reject) => {
        const sent = httpRequest(
          {
            agent,
            hostname,
            port,
            method,
            signal,
            path: query === '' ? path : `${path}?${query}`,
            headers: { ...signed, 'content-length': body.length },
          },
          (response) => {
            const chunks: Buffer[] = [];
            response.on('data', (chunk: Buffer) => chunks.push(chunk));
            response.once('error', reject);
            response.once('end', () => {
              const text = Buffer.concat(chunks).toString('utf8');
              if (response.statusCode === 200) resolve({ etag: response.headers.etag ?? '', text });
              else reject(new Error(`${method} ${path} answered ${response.statusCode ?? 0}: ${text}`));
            });
          },
        );
        sent.once('error', reject);
        sent.end(body);
      });
    },
    close: () => agent.destroy(),
  };
}
