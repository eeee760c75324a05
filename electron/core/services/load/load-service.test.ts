import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type LoadCheck, loadCheckDefaults } from '#shared/model/load-check';
import type { NewActivity } from '#shared/model/activity';
import { createSettings } from '../settings/settings';
import { createLoadService, type LoadService } from './load-service';

const noSignal = new AbortController().signal;
let folder = '';
let acts: NewActivity[] = [];
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cutover-load-'));
  acts = [];
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function service(environment: Record<string, string> = {}): LoadService {
  return createLoadService({
    folder,
    settings: () =>
      Promise.resolve(
        createSettings({
          environment,
          workspace: {},
          locked: [],
          lockedError: () => {
            throw new Error('Nothing is locked.');
          },
          secretTexts: [],
        }),
      ),
    activity: {
      record: (entry) => {
        acts.push(entry);
        return Promise.resolve();
      },
      list: () => Promise.reject(new Error('Nothing is read here.')),
    },
  });
}

const check = (origin: string, changes: Partial<LoadCheck> = {}): LoadCheck => ({
  ...loadCheckDefaults,
  origin,
  rampSeconds: 0,
  ...changes,
});

test('a host that is not in the settings is asked nothing before its name is given', async () => {
  const load = service({ APP_BACKEND_URL: 'https://api.example.invalid' });
  await expect(load.start(check('https://other.invalid:8443'), undefined, noSignal)).rejects.toMatchObject({
    code: 'LOAD_NEEDS_CONSENT',
    details: { host: 'other.invalid:8443' },
  });
  await expect(
    load.start(check('https://other.invalid:8443'), 'other.invalid', noSignal),
  ).rejects.toMatchObject({ code: 'LOAD_NEEDS_CONSENT' });
  // With consent, and for the operator's own host, it goes on to the first look, which finds no such name.
  for (const [origin, consent] of [
    ['https://other.invalid:8443', 'other.invalid:8443'],
    ['https://api.example.invalid', undefined],
  ] as const) {
    await expect(load.start(check(origin), consent, noSignal)).rejects.toMatchObject({
      code: 'HOST_NOT_FOUND',
    });
  }
  expect(acts).toEqual([]);
});

test('a route that fails without load is not loaded, and a missing token is named', async () => {
  const server = createServer((request, response) => {
    response.writeHead(request.headers.authorization === 'Bearer right' ? 200 : 401).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const origin = `http://127.0.0.1:${typeof address === 'object' ? String(address?.port) : ''}`;
  try {
    await expect(service().start(check(origin), undefined, noSignal)).rejects.toMatchObject({
      code: 'LOAD_ROUTE_FAILS',
      details: { status: '401' },
    });
    await expect(
      service().start(check(origin, { token: 'setting' }), undefined, noSignal),
    ).rejects.toMatchObject({ code: 'SETTING_MISSING' });
    expect((await service({ LOAD_CHECK_TOKEN: 'right' }).overview()).tokens).toEqual(['none', 'setting']);
  } finally {
    server.close();
  }
});
