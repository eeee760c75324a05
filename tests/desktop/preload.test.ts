import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { build } from 'vite';
import { z } from 'zod';

const file = (path: string) => new URL(`../../${path}`, import.meta.url);

let preload: string;
let pageWire: string;
let browser: Browser;
let server: Server;
let page: Page;

/** The preload's surroundings: Electron's ipcRenderer, which answers each request with a port that echoes. */
const surroundings = `
  const listeners = {};
  const required = [];
  globalThis.sent = [];
  const ipcRenderer = {
    on(channel, listener) { listeners[channel] = listener; },
    send(...args) {
      sent.push(args);
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = ({ data }) => port1.postMessage(data.replace('to core', 'from core'));
      listeners[args[0]]({ ports: [port2] }, null);
    },
  };
  const require = (name) => {
    if (name !== 'electron') throw new Error('The preload asks for ' + name);
    return { ipcRenderer };
  };
  const module = { exports: {} };
  const exports = module.exports;
`;

async function bundlePageWire(): Promise<string> {
  const result = await build({
    configFile: false,
    logLevel: 'error',
    build: {
      write: false,
      minify: false,
      lib: { entry: file('shared/rpc/page-wire.ts').pathname, formats: ['iife'], name: 'PageWire' },
    },
  });
  const builtSchema = z.array(z.object({ output: z.array(z.object({ code: z.string() })) }));
  return builtSchema.parse(result)[0]?.output[0]?.code ?? '';
}

beforeAll(async () => {
  preload = await readFile(file('out/preload/preload.cjs'), 'utf8');
  pageWire = await bundlePageWire();
  server = createServer((_request, response) => {
    response
      .setHeader('content-type', 'text/html')
      .end('<!doctype html><title>Page</title><iframe src="/inner"></iframe>');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium' });
  page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${port}/outer`);
});

afterAll(async () => {
  await browser.close();
  server.closeAllConnections();
  server.close();
});

test('hands the page a port and no part of Electron', async () => {
  // Electron runs a preload in an isolated world of the page: the same here.
  const devtools = await page.context().newCDPSession(page);
  const { frameTree } = await devtools.send('Page.getFrameTree');
  const { executionContextId } = await devtools.send('Page.createIsolatedWorld', {
    frameId: frameTree.frame.id,
    worldName: 'preload',
  });
  const inPreload = async (expression: string) => {
    const { result, exceptionDetails } = await devtools.send('Runtime.evaluate', {
      expression,
      contextId: executionContextId,
      returnByValue: true,
    });
    expect(exceptionDetails).toBeUndefined();
    return z.unknown().parse(result.value);
  };
  await page.addScriptTag({ content: pageWire });
  const names = async () =>
    z.array(z.string()).parse(await page.evaluate('Object.getOwnPropertyNames(globalThis)'));
  const before = await names();
  await inPreload(`(() => { ${surroundings}\n${preload} })()`);

  const talk = `PageWire.receivePort(window, new AbortController().signal).then((wire) => new Promise((resolve) => {
    wire.onMessage(resolve);
    wire.send({ said: 'to core' });
  }))`;
  expect(await page.evaluate(talk)).toEqual({ said: 'from core' });
  expect(await page.evaluate(talk)).toEqual({ said: 'from core' });
  expect(await inPreload('sent')).toEqual([['cutover:port'], ['cutover:port']]);

  expect(await names()).toEqual(before);

  // A frame inside the page is not the page.
  const inner = page.frames().find((frame) => frame.url().endsWith('/inner'));
  await inner?.evaluate(`parent.postMessage({ type: 'cutover:port-request' }, '*')`);
  await page.evaluate(`window.postMessage({ type: 'something else' }, location.origin)`);
  await page.evaluate(`window.postMessage(null, location.origin)`);
  await page.evaluate(`new Promise((resolve) => setTimeout(resolve, 100))`);
  expect(await inPreload('sent.length')).toBe(2);
});

test('is one small file that needs nothing but Electron', () => {
  expect([...preload.matchAll(/require\(([^)]*)\)/g)].map(([, name]) => name)).toEqual(['"electron"']);
  expect(preload.split('\n').length).toBeLessThan(40);
});
