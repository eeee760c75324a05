import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';
import { z } from 'zod';

const root = new URL('../..', import.meta.url);

/** Runs the built main process on a stub of Electron in a Node of its own; see drive-main.ts. */
async function drive(env: Record<string, string> = {}): Promise<Record<string, unknown>> {
  const hooks = new URL('./use-stub.mjs', import.meta.url).href;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', '--import', hooks, 'tests/desktop/drive-main.ts', '--workspace', '/tmp/shop'],
    { cwd: root, env: { ...process.env, ...env }, timeout: 30_000 },
  );
  return z.record(z.string(), z.unknown()).parse(JSON.parse(stdout));
}

let seen: Record<string, unknown>;
beforeAll(async () => {
  seen = await drive();
});

test('opens one window, sandboxed and isolated, on the page’s own scheme', () => {
  expect(seen.start).toMatchObject({
    url: 'app://cutover/',
    preferences: {
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      webviewTag: false,
    },
    schemes: [{ scheme: 'app', privileges: { standard: true, secure: true, stream: true } }],
    sandboxed: true,
    menus: 1,
    shownAtOnce: 0,
  });
});

test('a second start shows the window that is there', async () => {
  expect(seen.again).toEqual({ windows: 1, shown: 1, focused: 1 });
  expect(await drive({ STUB_SECOND_INSTANCE: '1' })).toEqual({ windows: 0, quits: 1 });
});

test('grants no permission', () => {
  expect(seen.permissions).toEqual({ granted: [false, false, false, false], check: false, device: false });
});

test('opens no window, and only allowed links in the system’s browser', () => {
  const denied = Array.from({ length: 10 }, () => 'deny');
  expect(seen.opened).toEqual({ actions: denied, links: ['https://supabase.com/dashboard'] });
});

test('stays on the page', () => {
  const own = ['app://cutover/', 'app://cutover/#/migration'];
  expect(seen.navigation).toEqual([own, own, own]);
  expect(seen.webview).toBe(true);
});

test('serves the page with its policy and nothing beside it', () => {
  const answer = z.object({
    status: z.number(),
    headers: z.record(z.string(), z.string()),
    body: z.string(),
  });
  const page = z
    .object({ index: answer, again: answer, refused: z.array(z.number()), posted: z.number() })
    .parse(seen.page);
  expect(page.index.status).toBe(200);
  const policy = page.index.headers['content-security-policy'] ?? '';
  expect(policy).toContain(`default-src 'none'; script-src 'self';`);
  expect(policy).not.toContain('unsafe');
  const nonce = /'nonce-([^']+)'/.exec(policy)?.[1] ?? '';
  expect(page.index.body).toContain(`<meta property="csp-nonce" nonce="${nonce}">`);
  expect(page.again.body).not.toContain(nonce);
  expect(page.index.headers).toMatchObject({
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
  });
  expect(page.refused).toEqual([403, 404, 404, 404, 404, 404, 404]);
  expect(page.posted).toBe(405);
});

test('gives a port to its own page alone, and the other end to one core process', () => {
  expect(seen.foreign).toEqual({ posted: 0, children: 0 });
  const port = { message: { type: 'port' }, ports: 1 };
  expect(seen.ports).toEqual({
    children: [{ program: 'main/desktop.js', args: ['--workspace', '/tmp/shop'] }],
    messages: [port, port],
    toPage: [
      { channel: 'cutover:port', ports: 1 },
      { channel: 'cutover:port', ports: 1 },
    ],
    carried: 'through',
  });
});

test('passes transfers on to the core process once it is ready, and only those', () => {
  const { answer, ...refused } = z
    .object({
      answer: z.object({ status: z.number(), body: z.string() }),
      posted: z.number(),
      foreign: z.number(),
    })
    .parse(seen.transfer);
  expect(answer.status).toBe(200);
  expect(JSON.parse(answer.body)).toEqual({
    url: '/transfer/id.1',
    method: 'GET',
    authorization: 'Bearer the key',
    range: 'bytes=1-2',
  });
  expect(refused).toEqual({ posted: 405, foreign: 403 });
});

test('lets the operator choose a folder, or none', () => {
  expect(seen.folders).toEqual([
    { type: 'folder-chosen', id: 3, path: '/home/ada/files' },
    { type: 'folder-chosen', id: 4 },
  ]);
});

test('refuses a key store that is none', () => {
  const refused = { type: 'secret-result', id: 7, result: { error: { code: 'SECRETS_STORE_UNAVAILABLE' } } };
  expect(seen.basicText).toMatchObject([{ result: { value: false } }, refused, refused]);
  expect(JSON.stringify(seen.basicText)).not.toContain('hunter2');
});

test('encrypts and decrypts with a real one, and never shows what it could not read', () => {
  const sealed = Buffer.from('sealed:hunter2').toString('base64');
  expect(seen.keyring).toEqual(
    [true, sealed, 'hunter2'].map((value) => ({ type: 'secret-result', id: 7, result: { value } })),
  );
  expect(seen.undecryptable).toMatchObject({ result: { error: { code: 'SECRETS_STORE_UNAVAILABLE' } } });
  expect(JSON.stringify(seen.undecryptable)).not.toContain('hunter2');
  expect(seen.nonsenseAnswered).toBe(false);
});

test('stays in the tray while services are watched, with their state, and shows what they come to', () => {
  expect(seen.tray).toEqual({
    states: [
      { tip: 'Cutover: 4 services healthy', colour: [98, 168, 52, 255] },
      { tip: 'Cutover: 1 down, 1 degraded', colour: [72, 72, 222, 255] },
    ],
    trays: 1,
    quitsWithTray: 0,
    notices: [{ title: 'shop: backend is down', body: 'It refuses connections.' }],
    focused: 2,
    gone: true,
  });
});

test('starts the core again when it has ended, and says why when it cannot start', () => {
  expect(seen.failure).toEqual({
    children: 2,
    dialogs: [{ message: 'It is damaged.', detail: 'Repair it.' }],
    reloads: 1,
  });
});

test('lets the core stop in order before it quits', () => {
  expect(seen.quit).toEqual({
    prevented: true,
    waits: true,
    told: { type: 'stop' },
    killed: false,
    quits: 1,
    dialogs: 1,
  });
});
