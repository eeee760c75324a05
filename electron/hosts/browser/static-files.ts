import { randomBytes } from 'node:crypto';
import { createReadStream, type Stats } from 'node:fs';
import { readFile, realpath, stat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip, gzipSync } from 'node:zlib';
import {
  contentSecurityPolicy,
  isHashedAsset,
  mediaTypeOf,
  pageFileOf,
  strictHeaders,
  withStyleNonce,
} from '#shared/page/page-policy';

interface FoundFile {
  path: string;
  stats: Stats;
}

/** The file for a request's path, or undefined when there is none inside the folder. */
async function findFile(pageDir: string, requestPath: string): Promise<FoundFile | undefined> {
  const relative = pageFileOf(requestPath);
  if (relative === undefined) return undefined;
  try {
    const root = await realpath(pageDir);
    const path = await realpath(join(root, relative));
    // A link must not lead outside either.
    if (!path.startsWith(root + sep)) return undefined;
    const stats = await stat(path);
    return stats.isFile() ? { path, stats } : undefined;
  } catch {
    return undefined;
  }
}

function acceptsGzip(request: IncomingMessage): boolean {
  return /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/.test(request.headers['accept-encoding'] ?? '');
}

const compressible = /^(?:text\/|application\/(?:json|manifest\+json|wasm)|image\/svg)/;

/**
 * Answers a GET or HEAD with a file of the page, and tells whether there was one. The entry page gets a fresh nonce for
 * its styles; files with a hash in their name may be kept for good, others are asked for again.
 */
export async function serveStatic(
  request: IncomingMessage,
  response: ServerResponse,
  { pageDir, requestPath, socketSource }: { pageDir: string; requestPath: string; socketSource: string },
): Promise<boolean> {
  const file = await findFile(pageDir, requestPath);
  if (file === undefined) return false;

  const nonce = randomBytes(16).toString('base64');
  const mediaType = mediaTypeOf(file.path);
  const gzip = compressible.test(mediaType) && file.stats.size > 1024 && acceptsGzip(request);
  const headers: Record<string, string | number> = {
    ...strictHeaders,
    'content-security-policy': contentSecurityPolicy(nonce, [socketSource]),
    'content-type': mediaType,
    vary: 'accept-encoding',
    ...(gzip ? { 'content-encoding': 'gzip' } : {}),
  };

  if (mediaType.startsWith('text/html')) {
    const html = withStyleNonce(await readFile(file.path, 'utf8'), nonce);
    const body = gzip ? gzipSync(html) : Buffer.from(html);
    response.writeHead(200, { ...headers, 'cache-control': 'no-store', 'content-length': body.length });
    response.end(request.method === 'HEAD' ? undefined : body);
    return true;
  }

  const etag = `"${file.stats.size.toString(36)}-${Math.trunc(file.stats.mtimeMs).toString(36)}${gzip ? '-gz' : ''}"`;
  headers['etag'] = etag;
  headers['cache-control'] = isHashedAsset(requestPath) ? 'private, max-age=31536000, immutable' : 'no-cache';
  if (request.headers['if-none-match'] === etag) {
    response.writeHead(304, headers).end();
    return true;
  }
  if (!gzip) headers['content-length'] = file.stats.size;
  response.writeHead(200, headers);
  if (request.method === 'HEAD') {
    response.end();
    return true;
  }
  const source = createReadStream(file.path);
  await (gzip ? pipeline(source, createGzip(), response) : pipeline(source, response));
  return true;
}
