import type { IncomingMessage } from 'node:http';

/** The two spellings of the loopback address. No name that DNS could point here is among them. */
function ownHosts(port: number): readonly string[] {
  return [`127.0.0.1:${port}`, `localhost:${port}`];
}

/**
 * Why a request does not come from the host's own page, or undefined when nothing speaks against it. The `Host` check stops
 * DNS rebinding; the others stop pages on other ports of this machine, to which cookies are sent all the same.
 */
export function foreignReason(request: IncomingMessage, port: number): string | undefined {
  const { host, origin } = request.headers;
  if (host === undefined || !ownHosts(port).includes(host)) return 'The address is not the one of this host.';

  const upgrade = request.headers.upgrade !== undefined;
  const reads = request.method === 'GET' || request.method === 'HEAD';
  const mustName = upgrade || !reads;
  if (origin === undefined ? mustName : origin !== `http://${host}`) {
    return 'The request comes from another page.';
  }

  const site = request.headers['sec-fetch-site'];
  const navigation = request.headers['sec-fetch-mode'] === 'navigate' && request.method === 'GET';
  if (site !== undefined && site !== 'same-origin' && site !== 'none' && !navigation) {
    return 'The request comes from another page.';
  }
  return undefined;
}
