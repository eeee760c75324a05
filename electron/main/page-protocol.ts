import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { protocol } from 'electron';
import type { TransferAddress } from '#shared/desktop/core-messages';
import {
  contentSecurityPolicy,
  isHashedAsset,
  mediaTypeOf,
  pageFileOf,
  strictHeaders,
  withStyleNonce,
} from '#shared/page/page-policy';
import { forwardTransfer, isTransferPath } from './transfers';

const scheme = 'app';
const host = 'cutover';

/** Where the page stands on the desktop. A scheme of its own has an origin of its own, which `file:` has not. */
export const pageOrigin = `${scheme}://${host}`;
export const pageUrl = `${pageOrigin}/`;

/** Must run before the app is ready. */
export function registerPageScheme(): void {
  protocol.registerSchemesAsPrivileged([
    {
      scheme,
      privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true, stream: true },
    },
  ]);
}

function refuse(status: number, text: string): Response {
  return new Response(text, {
    status,
    headers: { ...strictHeaders, 'content-type': 'text/plain; charset=utf-8' },
  });
}

/** Answers a request of the page with one of its built files, or with the bytes of a transfer. */
async function answerPageRequest(request: Request, { pageDir, transfers }: Served): Promise<Response> {
  const url = new URL(request.url);
  if (url.protocol !== `${scheme}:` || url.host !== host) return refuse(403, 'Not an address of Cutover.');
  if (isTransferPath(url.pathname) && (request.method === 'GET' || request.method === 'PUT'))
    return forwardTransfer(request, transfers());
  if (request.method !== 'GET') return refuse(405, 'Only GET is answered.');
  const relative = pageFileOf(url.pathname);
  const content =
    relative === undefined ? undefined : await readFile(join(pageDir, relative)).catch(() => undefined);
  if (content === undefined) return refuse(404, 'There is nothing at this address.');

  const nonce = randomBytes(16).toString('base64');
  const mediaType = mediaTypeOf(url.pathname === '/' ? 'index.html' : url.pathname);
  const body = mediaType.startsWith('text/html')
    ? withStyleNonce(content.toString(), nonce)
    : new Uint8Array(content);
  return new Response(body, {
    headers: {
      ...strictHeaders,
      'content-type': mediaType,
      'content-security-policy': contentSecurityPolicy(nonce, []),
      'cache-control': isHashedAsset(url.pathname) ? 'max-age=31536000, immutable' : 'no-store',
    },
  });
}

interface Served {
  /** Folder of the built page. */
  pageDir: string;
  /** Where the core's process gives and takes file bytes; waits for it to be ready. */
  transfers: () => Promise<TransferAddress>;
}

/** Serves the page and its transfers. Runs once the app is ready. */
export function servePage(served: Served): void {
  protocol.handle(scheme, (request) => answerPageRequest(request, served));
}
