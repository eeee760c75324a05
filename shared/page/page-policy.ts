/** Everything a page of Cutover may load, for the hosts that deliver it. Scripts only from its own files. */
export function contentSecurityPolicy(nonce: string, connectSources: readonly string[]): string {
  return [
    `default-src 'none'`,
    `script-src 'self'`,
    `style-src 'self' 'nonce-${nonce}'`,
    `img-src 'self' data: blob:`,
    `media-src 'self'`,
    `font-src 'self' data:`,
    `connect-src ${[`'self'`, ...connectSources].join(' ')}`,
    `worker-src 'self'`,
    `manifest-src 'self'`,
    `base-uri 'none'`,
    `form-action 'none'`,
    `frame-ancestors 'none'`,
    `object-src 'none'`,
  ].join('; ');
}

/**
 * Puts the nonce of this response into the page, where `document.querySelector('meta[property="csp-nonce"]').nonce`
 * finds it: the styles that the page makes at run time carry it.
 */
export function withStyleNonce(html: string, nonce: string): string {
  return html.replace(/<head(\s[^>]*)?>/i, (head) => `${head}<meta property="csp-nonce" nonce="${nonce}">`);
}

/** Headers that every answer to a page carries, whatever it is. */
export const strictHeaders: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'x-frame-options': 'DENY',
  'permissions-policy': 'camera=(), microphone=(), geolocation=(), usb=(), serial=(), payment=()',
};

const mediaTypes: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  mjs: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  json: 'application/json; charset=utf-8',
  webmanifest: 'application/manifest+json; charset=utf-8',
  txt: 'text/plain; charset=utf-8',
  svg: 'image/svg+xml; charset=utf-8',
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  webp: 'image/webp',
  ico: 'image/x-icon',
  woff: 'font/woff',
  woff2: 'font/woff2',
  wasm: 'application/wasm',
};

/** The media type of a page's file by the end of its name; `application/octet-stream` when it has no known one. */
export function mediaTypeOf(path: string): string {
  const extension = /\.([a-z0-9]+)$/i.exec(path)?.[1]?.toLowerCase();
  return (extension === undefined ? undefined : mediaTypes[extension]) ?? 'application/octet-stream';
}

/** Whether a file's name holds a hash of its content, so that a browser may keep it for good. */
export function isHashedAsset(path: string): boolean {
  return /(?:^|\/)assets\/[^/]+-[\w-]{8,}\.\w+$/.test(path);
}

/**
 * The file of the page for a request's path, relative to the page's folder, or undefined when the path is not plain: it
 * never leads out of the folder.
 */
export function pageFileOf(requestPath: string): string | undefined {
  let decoded: string;
  try {
    decoded = decodeURIComponent(requestPath);
  } catch {
    return undefined;
  }
  if (decoded === '/') return 'index.html';
  const segments = decoded.split('/').slice(1);
  const plain =
    decoded.startsWith('/') && !/[\0\\]/.test(decoded) && !segments.some((part) => /^\.*$/.test(part));
  return plain ? segments.join('/') : undefined;
}
