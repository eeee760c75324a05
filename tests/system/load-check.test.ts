import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { generateLoad, type LoadPlan } from '../../electron/core/adapters/load/generate-load';
import { openActivityLog } from '../../electron/core/services/activity/activity-log';
import { createLoadService } from '../../electron/core/services/load/load-service';
import { createSettings } from '../../electron/core/services/settings/settings';
import { loadCheckDefaults, type LoadCheck, type LoadResult } from '#shared/model/load-check';
import { run } from './support/program';

const noSignal = new AbortController().signal;
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cutover-load-check-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function listening(
  server: Server & { closeAllConnections(): void },
): Promise<{ port: number; close: () => Promise<void> }> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return {
    port: address.port,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

const web = (listener: RequestListener) => listening(createServer(listener));
const plan = (origin: string, changes: Partial<LoadPlan> = {}): LoadPlan => ({
  origin,
  routes: [{ path: '/', users: 40 }],
  headers: { authorization: 'Bearer token-of-the-canary' },
  rampMs: 0,
  holdMs: 2000,
  timeoutMs: 5000,
  ...changes,
});

test('every request is counted once, at its route, with its token, and as many users as asked for ask at once', async () => {
  const served = new Map<string, number>();
  let [inside, most, withToken] = [0, 0, 0];
  const server = await web((request, response) => {
    const url = request.url ?? '';
    inside += 1;
    most = Math.max(most, inside);
    if (request.headers.authorization === 'Bearer token-of-the-canary') withToken += 1;
    setTimeout(() => {
      inside -= 1;
      served.set(url, (served.get(url) ?? 0) + 1);
      response.writeHead(url === '/bad' ? 503 : 200).end('ok');
    }, 30);
  });
  try {
    const routes = [
      { path: '/good', users: 31 },
      { path: '/bad', users: 9 },
    ];
    const measured = await generateLoad(
      plan(`http://127.0.0.1:${server.port}`, { routes }),
      () => undefined,
      noSignal,
    );
    expect(most).toBe(40);
    for (const { path, users } of routes) {
      const found = measured.routes.find((route) => route.path === path);
      // What was under way at the end was served, and not measured any more.
      const missing = (served.get(path) ?? 0) - (found?.requests ?? 0);
      expect(missing).toBeGreaterThanOrEqual(0);
      expect(missing).toBeLessThanOrEqual(2 * users);
      expect(found?.errors).toBe(path === '/bad' ? found?.requests : 0);
      expect(found?.p50).toBeGreaterThanOrEqual(29);
    }
    expect(measured.total.errorKinds).toEqual({ 'status 503': measured.total.errors });
    expect(withToken).toBeGreaterThanOrEqual(measured.total.requests);
  } finally {
    await server.close();
  }
});

test('a server that can’t prove who it is gets no token', async () => {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  await run('openssl', [
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost'],
    ...['-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', cert],
  ]);
  let asked = 0;
  const server = await listening(
    createTlsServer({ key: await readFile(key), cert: await readFile(cert) }, (_request, response) => {
      asked += 1;
      response.end();
    }),
  );
  try {
    const measured = await generateLoad(
      plan(`https://localhost:${server.port}`, { routes: [{ path: '/', users: 2 }], holdMs: 500 }),
      () => undefined,
      noSignal,
    );
    expect(asked).toBe(0);
    expect(Object.keys(measured.total.errorKinds)).toEqual(['DEPTH_ZERO_SELF_SIGNED_CERT']);
  } finally {
    await server.close();
  }
});

/** Runs a load check of the service to its result, with what a test does meanwhile. */
async function checked(check: LoadCheck, meanwhile: (stop: () => void) => void): Promise<LoadResult> {
  const settings = createSettings({
    environment: {},
    workspace: {},
    locked: [],
    lockedError: () => {
      throw new Error('Nothing is locked.');
    },
    secretTexts: [],
  });
  const service = createLoadService({
    folder,
    settings: () => Promise.resolve(settings),
    activity: openActivityLog({
      workspaceDir: folder,
      host: 'cli',
      redactor: () => Promise.resolve((text) => text),
    }),
  });
  const { id } = await service.start(check, undefined, noSignal);
  await expect(service.start(check, undefined, noSignal)).rejects.toMatchObject({ code: 'LOAD_RUNNING' });
  let ticks = 0;
  for await (const { event } of service.watch(id, -1, noSignal)) {
    if (event.type === 'failed') throw new Error(event.error.message);
    if (event.type === 'tick') ticks += 1;
    if (ticks === 4) meanwhile(() => service.stop(id));
    if (event.type === 'result') {
      expect((await service.overview()).results[0]).toEqual(event.result);
      return event.result;
    }
  }
  throw new Error('There was no result.');
}

test('a load check ends by itself when the service gives way, and when an operator says so', async () => {
  let failing = false;
  const server = await web((_request, response) => {
    setTimeout(() => response.writeHead(failing ? 503 : 200).end(), 10);
  });
  const check: LoadCheck = {
    ...loadCheckDefaults,
    origin: `http://127.0.0.1:${server.port}`,
    users: 10,
    rampSeconds: 0,
    seconds: 300,
  };
  try {
    const cancelled = await checked(check, (stop) => stop());
    expect(cancelled).toMatchObject({ outcome: 'cancelled', passed: false });
    expect(cancelled.total.requests).toBeGreaterThan(0);
    const stopped = await checked(check, () => (failing = true));
    expect(stopped).toMatchObject({ outcome: 'stopped', passed: false });
    expect(stopped.reasons[0]).toContain('More than half of the requests failed');
    expect(stopped.measuredMs).toBeLessThan(60_000);
    failing = false;
    const passed = await checked(
      { ...check, seconds: 2, goal: { p95Ms: 5000, errorShare: 0 } },
      () => undefined,
    );
    expect(passed).toMatchObject({ outcome: 'completed', passed: true, reasons: [] });
  } finally {
    await server.close();
  }
});
