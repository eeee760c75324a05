import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { contract, type AppContract } from '#shared/contract/contract';
import { AppError } from '#shared/model/errors';
import { strictHeaders } from '#shared/page/page-policy';
import type { Handlers, Wire } from '#shared/rpc/define';
import type { HeartbeatOptions } from '#shared/rpc/heartbeat';
import { serve } from '#shared/rpc/serve';
import { webSocketWire } from '#shared/rpc/web-socket-wire';
import { foreignReason } from './request-guard';
import { type Metrics, mayScrape, metricsPath, sendMetrics } from './metrics';
import { createSession, type Session } from './session';
import { serveStatic } from './static-files';
import { sendStatusPage } from './status-pages';
import { serveTransfer, transferId, type TransferHandlers } from '../transfers/transfers';

/** A message holds at most an imported Compose file or a page of results; files go through transfers. */
const maxMessageBytes = 8 * 1024 * 1024;

export interface LoopbackHostOptions {
  /** Serves the contract on a page's wire. */
  onWire: (wire: Wire) => void;
  /** Folder of the built page; it holds `index.html`. */
  pageDir: string;
  /** Default 0: one that is free. */
  port?: number;
  transfers?: TransferHandlers;
  metrics?: Metrics;
  /** Closes the host when aborted. */
  signal?: AbortSignal;
}

export interface BrowserHostOptions extends Omit<LoopbackHostOptions, 'onWire'> {
  handlers: Handlers<AppContract>;
  heartbeat?: HeartbeatOptions;
}

export interface BrowserHost {
  /** Address with a token that works once. */
  url: string;
  /** Address without a token, for a browser that has opened `url`. */
  origin: string;
  port: number;
  /** A further address with a new token, for another browser. */
  issueUrl(): string;
  /** Ends every connection at once. */
  close(): Promise<void>;
}

/** Serves page and contract to browsers of this machine. Rejects with `SETTING_INVALID` when the port is taken. */
export function startBrowserHost({
  handlers,
  heartbeat,
  ...options
}: BrowserHostOptions): Promise<BrowserHost> {
  const serveOptions = heartbeat === undefined ? {} : { heartbeat };
  return startLoopbackHost({
    ...options,
    onWire: (wire) => void serve(wire, contract, handlers, serveOptions),
  });
}

/** {@link startBrowserHost} for any contract. */
export async function startLoopbackHost(options: LoopbackHostOptions): Promise<BrowserHost> {
  const server = createServer({ requestTimeout: 0 });
  const port = await listen(server, options.port ?? 0);
  const session = createSession(port);
  const origin = `http://127.0.0.1:${port}`;
  const issueUrl = () => `${origin}/?token=${session.issueToken()}`;

  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    answer(request, response, { options, session, port }).catch(() => {
      if (response.headersSent) response.destroy();
      else sendStatusPage(response, 500);
    });
  });

  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: maxMessageBytes,
    perMessageDeflate: false,
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => undefined);
    const refused = upgradeRefusal(request, session, port);
    if (refused !== undefined) {
      refuseUpgrade(socket, refused);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (accepted) => options.onWire(webSocketWire(accepted)));
  });

  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= (async () => {
      const closed = once(server, 'close');
      for (const socket of sockets.clients) socket.close(1001);
      sockets.close();
      server.close();
      server.closeAllConnections();
      // A page that does not answer the close is not waited for.
      for (const socket of sockets.clients) socket.terminate();
      await closed;
    })();
    return closing;
  };
  if (options.signal?.aborted === true) await close();
  options.signal?.addEventListener('abort', () => void close(), { once: true });

  return { url: issueUrl(), origin, port, issueUrl, close };
}

async function listen(server: Server, port: number): Promise<number> {
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  } catch (error) {
    throw new AppError('SETTING_INVALID', `The port ${port} of 127.0.0.1 cannot be used.`, {
      hint: 'Another program uses it, or it needs more rights. Choose another port, or none to get a free one.',
      cause: error,
    });
  }
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return address.port;
}

interface Surroundings {
  options: LoopbackHostOptions;
  session: Session;
  port: number;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { options, session, port }: Surroundings,
): Promise<void> {
  const foreign = foreignReason(request, port);
  if (foreign !== undefined) {
    sendStatusPage(response, 403, { reason: foreign });
    return;
  }
  const target = request.url ?? '/';
  const requestPath = target.split('?', 1)[0] ?? '/';
  const token = new URLSearchParams(target.slice(requestPath.length)).get('token');

  if (token !== null && requestPath === '/' && request.method === 'GET') {
    const cookie = session.redeem(token);
    // A used address is still good in the browser that used it, as after a restart with open tabs.
    if (cookie === undefined && !session.admits(request.headers.cookie)) {
      sendStatusPage(response, 401);
      return;
    }
    response.writeHead(303, {
      ...strictHeaders,
      location: '/',
      'cache-control': 'no-store',
      ...(cookie === undefined ? {} : { 'set-cookie': cookie }),
    });
    response.end();
    return;
  }
  if (options.metrics !== undefined && requestPath === metricsPath && request.method === 'GET') {
    if (session.admits(request.headers.cookie) || mayScrape(options.metrics, request)) {
      await sendMetrics(response, options.metrics);
    } else sendStatusPage(response, 401);
    return;
  }
  if (!session.admits(request.headers.cookie)) {
    // A strict cookie is not sent while another page or a file leads here, not even after the one-time address set it.
    const site = request.headers['sec-fetch-site'];
    const ledHere = requestPath === '/' && (site === 'cross-site' || site === 'same-site');
    sendStatusPage(response, 401, { tryAgain: ledHere });
    return;
  }

  const id = transferId(requestPath);
  if (id !== undefined && options.transfers !== undefined && ['GET', 'PUT'].includes(request.method ?? '')) {
    await serveTransfer(request, response, id, options.transfers);
    return;
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    sendStatusPage(response, 405);
    return;
  }
  if (requestPath === '/session') {
    response.writeHead(204, { ...strictHeaders, 'cache-control': 'no-store' }).end();
    return;
  }
  const served = await serveStatic(request, response, {
    pageDir: options.pageDir,
    requestPath,
    socketSource: `ws://${request.headers.host ?? ''}`,
  });
  if (!served) sendStatusPage(response, 404);
}

function upgradeRefusal(request: IncomingMessage, session: Session, port: number): string | undefined {
  if (foreignReason(request, port) !== undefined) return '403 Forbidden';
  if (!session.admits(request.headers.cookie)) return '401 Unauthorized';
  if (request.url !== '/rpc') return '404 Not Found';
  return undefined;
}

function refuseUpgrade(socket: Duplex, status: string): void {
  const body = 'Cutover opens this connection only for its own page.\n';
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
}
