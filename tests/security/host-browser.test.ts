import { once } from 'node:events';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import { chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { AppError } from '#shared/model/errors';
import { connect } from '#shared/rpc/connect';
import { call } from '#shared/rpc/define';
import { serve } from '#shared/rpc/serve';
import { openWebSocketWire } from '#shared/rpc/web-socket-wire';
import { startLoopbackHost, type BrowserHost } from '../../electron/hosts/browser/browser-host';
import { coreMetrics } from '../../electron/hosts/browser/metrics';
import { ask, pathOf, signIn } from './host-client';

const contract = { ping: call(z.object({}), z.string()) };

let folder: string;
let host: BrowserHost;
let cookie: string;

const page = `<!doctype html>
<html lang="en">
  <head><title>Page</title><link rel="stylesheet" href="./assets/index-AbCd1234.css"></head>
  <body><p id="said">nothing</p><script type="module" src="./assets/index-AbCd1234.js"></script></body>
</html>`;
const script = `
const style = document.createElement('style');
style.nonce = document.querySelector('meta[property="csp-nonce"]').nonce;
style.textContent = '#said { color: rgb(1, 2, 3) }';
document.head.append(style);
const inline = document.createElement('script');
inline.textContent = 'window.inlineRan = true';
document.head.append(inline);
const socket = new WebSocket('ws://' + location.host + '/rpc');
socket.onmessage = ({ data }) => {
  const message = JSON.parse(data);
  if (message.t === 'value') document.getElementById('said').textContent = message.value;
};
socket.onopen = () => socket.send(JSON.stringify({ t: 'call', id: 1, op: 'ping', input: {} }));
${'// filler so that it is worth compressing\n'.repeat(60)}`;

function startHost(): Promise<BrowserHost> {
  return startLoopbackHost({
    pageDir: join(folder, 'page'),
    onWire: (wire) => void serve(wire, contract, { ping: () => Promise.resolve('pong') }),
  });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cutover-host-'));
  await mkdir(join(folder, 'page/assets'), { recursive: true });
  await writeFile(join(folder, 'page/index.html'), page);
  await writeFile(join(folder, 'page/assets/index-AbCd1234.js'), script);
  await writeFile(join(folder, 'page/assets/index-AbCd1234.css'), 'p { margin: 0 }');
  await writeFile(join(folder, 'secret.txt'), 'outside');
  await symlink(join(folder, 'secret.txt'), join(folder, 'page/link.txt'));
  host = await startHost();
  cookie = await signIn(host.port, host.url);
});

afterAll(async () => {
  await host.close();
  await rm(folder, { recursive: true, force: true });
});

const own = () => `127.0.0.1:${host.port}`;
const get = (path: string, headers: Record<string, string> = {}) =>
  ask(host.port, path, { headers: { cookie, ...headers } });

/** The status with which an upgrade is refused, or 101. */
async function upgrade(path: string, headers: Record<string, string>): Promise<number> {
  const socket = new WebSocket(`ws://127.0.0.1:${host.port}${path}`, { headers });
  return new Promise((resolve) => {
    socket.on('unexpected-response', (request, response) => {
      request.destroy();
      resolve(response.statusCode ?? 0);
    });
    socket.on('open', () => {
      socket.close();
      resolve(101);
    });
    socket.on('error', () => undefined);
  });
}

describe('the way in', () => {
  test('a token works once and turns into a strict cookie', async () => {
    const other = await startHost();
    const path = pathOf(other.url);
    expect(new URL(other.url).searchParams.get('token')).toMatch(/^[\w-]{43}$/);
    const first = await ask(other.port, path);
    expect(first.status).toBe(303);
    expect(first.headers.location).toBe('/');
    expect(first.headers['referrer-policy']).toBe('no-referrer');
    const set = first.headers['set-cookie']?.[0] ?? '';
    expect(set).toMatch(
      new RegExp(`^cutover-${other.port}-[0-9a-f]{12}=[\\w-]{43}; Path=/; HttpOnly; SameSite=Strict$`),
    );

    const second = await ask(other.port, path);
    expect(second.status).toBe(401);
    expect(second.headers['set-cookie']).toBeUndefined();
    expect(second.body).toContain('cutover open');
    // The browser that used it can come back to the same address.
    expect((await ask(other.port, path, { headers: { cookie: set.split(';')[0] ?? '' } })).status).toBe(303);
    await other.close();
  });

  test('a further address can be issued', async () => {
    const further = await signIn(host.port, host.issueUrl());
    expect(further).toBe(cookie);
  });

  test.each(['', 'x', 'a'.repeat(43)])('a wrong token %j is refused', async (token) => {
    expect((await ask(host.port, `/?token=${token}`)).status).toBe(401);
  });

  test.each(['/', '/assets/index-AbCd1234.js', '/session', '/rpc', '/nowhere', '/transfer/x'])(
    'nothing is served at %s without the cookie',
    async (path) => {
      const wrong = cookie.replace(/=.*/, `=${'A'.repeat(43)}`);
      for (const headers of [{}, { cookie: wrong }, { cookie: cookie.replace('=', '') }]) {
        const { status, body } = await ask(host.port, path, { headers });
        expect(status).toBe(401);
        expect(body).not.toContain('filler');
        expect(body.length).toBeGreaterThan(100);
      }
    },
  );

  test('the cookie of one host does not open another', async () => {
    const other = await startHost();
    expect((await ask(other.port, '/', { headers: { cookie } })).status).toBe(401);
    await other.close();
  });
});

describe('requests from elsewhere', () => {
  test.each(['evil.example', 'evil.example:80', '127.0.0.1', 'localhost', '127.0.0.1.evil.example', '[::1]'])(
    'the host name %s is refused, also with the cookie',
    async (name) => {
      expect((await get('/', { host: name })).status).toBe(403);
      expect((await get('/', { host: `${name}:1` })).status).toBe(403);
      expect(await upgrade('/rpc', { cookie, host: name, origin: `http://${name}` })).toBe(403);
    },
  );

  test('the other spelling of loopback works, for a tunnel', async () => {
    expect((await get('/', { host: `localhost:${host.port}` })).status).toBe(200);
  });

  test('an origin that is not the host’s own is refused', async () => {
    const origins = [
      'http://evil.example',
      'null',
      `https://${own()}`,
      `http://localhost:${host.port}`,
      'http://127.0.0.1:1',
    ];
    for (const origin of origins) {
      expect((await get('/', { origin })).status).toBe(403);
      expect(
        (await ask(host.port, '/transfer/x', { method: 'PUT', headers: { cookie, origin } })).status,
      ).toBe(403);
      expect(await upgrade('/rpc', { cookie, origin })).toBe(403);
    }
  });

  test('a change or an upgrade must name its origin', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      expect((await ask(host.port, '/', { method, headers: { cookie } })).status).toBe(403);
      expect(
        (await ask(host.port, '/', { method, headers: { cookie, origin: `http://${own()}` } })).status,
      ).toBe(405);
    }
    expect(await upgrade('/rpc', { cookie })).toBe(403);
  });

  test('a page on another port of this machine cannot embed or read', async () => {
    for (const site of ['same-site', 'cross-site']) {
      expect(
        (await get('/assets/index-AbCd1234.js', { 'sec-fetch-site': site, 'sec-fetch-mode': 'no-cors' }))
          .status,
      ).toBe(403);
      expect((await get('/', { 'sec-fetch-site': site, 'sec-fetch-mode': 'navigate' })).status).toBe(200);
    }
  });

  test('no upgrade without the cookie, or anywhere but at /rpc', async () => {
    const origin = `http://${own()}`;
    expect(await upgrade('/rpc', { origin })).toBe(401);
    expect(await upgrade('/rpc', { origin, cookie: `${cookie}x` })).toBe(401);
    expect(await upgrade('/other', { origin, cookie })).toBe(404);
    expect(await upgrade('/rpc', { origin, cookie })).toBe(101);
  });

  test('it listens on loopback only', async () => {
    const socket = connectTcp(host.port, '127.0.0.2');
    const [error] = await once(socket, 'error').catch((thrown: unknown) => [thrown]);
    expect(String(error)).toContain('ECONNREFUSED');
  });
});

describe('the page', () => {
  test('carries the policy, with a new nonce each time', async () => {
    const first = await get('/');
    const second = await get('/');
    const nonces = [first, second].map(({ headers, body }) => {
      const policy = String(headers['content-security-policy']);
      const nonce = /style-src 'self' 'nonce-([^']+)'/.exec(policy)?.[1] ?? '';
      expect(body).toContain(`<head><meta property="csp-nonce" nonce="${nonce}">`);
      expect(policy).toContain(`script-src 'self';`);
      expect(policy).toContain(`frame-ancestors 'none'`);
      expect(policy).toContain(`connect-src 'self' ws://${own()};`);
      expect(policy).not.toContain('unsafe');
      return nonce;
    });
    expect(new Set(nonces).size).toBe(2);
    expect(first.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'cache-control': 'no-store',
    });
  });

  test('assets are typed, kept for good and compressed', async () => {
    const plain = await get('/assets/index-AbCd1234.js');
    expect(plain.headers).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'private, max-age=31536000, immutable',
      'x-content-type-options': 'nosniff',
    });
    expect(plain.body).toBe(script);
    const response = await fetch(`${host.origin}/assets/index-AbCd1234.js`, { headers: { cookie } });
    expect(response.headers.get('content-encoding')).toBe('gzip');
    expect(await response.text()).toBe(script);
    const again = await get('/assets/index-AbCd1234.js', { 'if-none-match': plain.headers.etag ?? '' });
    expect(again.status).toBe(304);
  });

  test.each([
    '/../secret.txt',
    '/assets/../../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/%2e%2e%2fsecret.txt',
    '/..%5csecret.txt',
    '//secret.txt',
    '/assets/%00',
    '/%zz',
    '/link.txt',
    '/assets',
    '/assets/',
    '/nowhere',
  ])('%s is not found', async (path) => {
    const { status, body } = await get(path);
    expect(status).toBe(404);
    expect(body).not.toContain('outside');
  });

  test('works in a browser: nonce for styles, no inline script, contract over the socket', async () => {
    const browser = await chromium.launch({
      executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
    });
    try {
      const context = await browser.newContext();
      const tab = await context.newPage();
      await tab.goto(host.issueUrl());
      expect(tab.url()).toBe(`${host.origin}/`);
      await tab.getByText('pong').waitFor();
      const seen = z
        .object({ color: z.string(), inline: z.boolean(), cookie: z.string() })
        .parse(
          await tab.evaluate(
            `({ color: getComputedStyle(document.getElementById('said')).color, inline: 'inlineRan' in window, cookie: document.cookie })`,
          ),
        );
      expect(seen).toEqual({ color: 'rgb(1, 2, 3)', inline: false, cookie: '' });
      const second = await context.newPage();
      await second.goto(`${host.origin}/`);
      await second.getByText('pong').waitFor();
      const fromFile = await (await browser.newContext()).newPage();
      const file = join(folder, 'open.html');
      await writeFile(file, `<meta http-equiv="refresh" content="0;url=${host.issueUrl()}">`);
      await fromFile.goto(pathToFileURL(file).href);
      await fromFile.getByText('pong').waitFor();
      const stranger = await (await browser.newContext()).newPage();
      const refused = await stranger.goto(`${host.origin}/`);
      expect(refused?.status()).toBe(401);
      await stranger.getByText('cutover open').waitFor();
    } finally {
      await browser.close();
    }
  });
});

describe('metrics', () => {
  test('a scraper reads them with the token and nothing else; a foreign page does not', async () => {
    const token = 'a-token-of-a-scraper';
    const scraped = await startLoopbackHost({
      pageDir: join(folder, 'page'),
      onWire: () => undefined,
      metrics: { token, text: () => Promise.resolve('cutover_watching 1\n') },
    });
    try {
      const read = (path: string, headers: Record<string, string> = {}) =>
        ask(scraped.port, path, { headers });
      const bearer = { authorization: `Bearer ${token}` };
      expect(await read('/metrics', bearer)).toMatchObject({ status: 200, body: 'cutover_watching 1\n' });
      expect((await read('/metrics')).status).toBe(401);
      expect((await read('/metrics', { authorization: 'Bearer another-token-here' })).status).toBe(401);
      expect((await read(`/metrics?token=${token}`)).status).toBe(401);
      expect((await read('/', bearer)).status).toBe(401);
      expect((await read('/metrics', { ...bearer, origin: 'http://evil.example' })).status).toBe(403);
      expect((await read('/metrics', { cookie: await signIn(scraped.port, scraped.url) })).status).toBe(200);
    } finally {
      await scraped.close();
    }
  });

  test('without a token only the session reads them, and a short one is refused', async () => {
    expect(
      (await ask(host.port, '/metrics', { headers: { authorization: 'Bearer undefined' } })).status,
    ).toBe(401);
    const core = { health: { overview: () => Promise.reject(new Error('closed')) } };
    expect(() => coreMetrics(core, { CUTOVER_METRICS_TOKEN: 'short' })).toThrow(/too short/);
    expect(coreMetrics(core, {})).not.toHaveProperty('token');
  });
});

describe('its life', () => {
  test('close ends open connections promptly', async () => {
    const other = await startHost();
    const own = await signIn(other.port, other.url);
    const headers = { cookie: own, origin: other.origin };
    const client = connect(contract, (signal) =>
      openWebSocketWire(new WebSocket(`ws://127.0.0.1:${other.port}/rpc`, { headers }), signal),
    );
    expect(await client.call('ping', {})).toBe('pong');
    // A connection that says nothing.
    const idle = connectTcp(other.port, '127.0.0.1');
    idle.on('error', () => undefined);
    await once(idle, 'connect');
    await Promise.race([
      other.close(),
      delay(2000).then(() => Promise.reject(new Error('It took too long.'))),
    ]);
    await expect.poll(() => client.status).toBe('connecting');
    client.close();
    idle.destroy();
  });

  test('its signal closes it', async () => {
    const controller = new AbortController();
    const other = await startLoopbackHost({ pageDir: folder, onWire: () => {}, signal: controller.signal });
    controller.abort();
    await other.close();
    await expect(ask(other.port, '/')).rejects.toThrow('ECONNREFUSED');
  });

  test('a port that is taken is named', async () => {
    const starting = startLoopbackHost({ pageDir: folder, onWire: () => {}, port: host.port });
    await expect(starting).rejects.toThrow(AppError);
    await expect(starting).rejects.toMatchObject({ code: 'SETTING_INVALID' });
  });
});
