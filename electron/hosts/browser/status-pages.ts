import type { ServerResponse } from 'node:http';
import { strictHeaders } from '#shared/page/page-policy';

interface StatusPage {
  title: string;
  text: string;
  /** A link that may help. */
  link?: { href: string; label: string };
}

const pages = {
  401: {
    title: 'This address was used already, or has none of the right keys',
    text: 'Run “cutover open” to get a new one. If you came here by a link on another page, open the console below.',
    link: { href: '/', label: 'Open the console' },
  },
  403: {
    title: 'This request was refused',
    text: 'Cutover answers only its own page, at the address that “cutover open” prints.',
  },
  404: {
    title: 'There is nothing at this address',
    text: 'Open the console and go on from there.',
    link: { href: '/', label: 'Open the console' },
  },
  405: { title: 'This address does not accept that request', text: 'Open the console and go on from there.' },
  500: {
    title: 'Cutover could not answer',
    text: 'This is a defect in Cutover. Reload the page; if it stays, look at the terminal in which Cutover runs.',
  },
} satisfies Record<number, StatusPage>;

export type StatusPageCode = keyof typeof pages;

const policy =
  "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
const style =
  ':root{color-scheme:light dark}body{font:14px/1.5 system-ui,sans-serif;max-width:34rem;margin:18vh auto;padding:0 1.5rem}h1{font-size:1.2rem}';

export interface StatusPageOptions {
  /** One more sentence; it holds no text of the request. */
  reason?: string;
  /** Makes the browser ask for the console once more, now from a page of ours. */
  tryAgain?: boolean;
}

/** Answers with a page that says what happened and what to do next. */
export function sendStatusPage(
  response: ServerResponse,
  code: StatusPageCode,
  { reason, tryAgain }: StatusPageOptions = {},
): void {
  const { title, text, link }: StatusPage = pages[code];
  const html = [
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title} · Cutover</title>`,
    tryAgain === true ? '<meta http-equiv="refresh" content="0;url=/">' : '',
    `<link rel="icon" href="data:,"><style>${style}</style></head><body><main><h1>${title}</h1>`,
    reason === undefined ? '' : `<p>${reason}</p>`,
    `<p>${text}</p>`,
    link === undefined ? '' : `<p><a href="${link.href}">${link.label}</a></p>`,
    '</main></body></html>',
  ].join('');
  response.writeHead(code, {
    ...strictHeaders,
    'content-security-policy': policy,
    'content-type': 'text/html; charset=utf-8',
    'content-length': Buffer.byteLength(html),
    'cache-control': 'no-store',
  });
  response.end(html);
}
