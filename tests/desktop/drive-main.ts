import { mkdtemp } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { app, handlers, ipcMain, keyStore, record, WebContents } from './electron-stub';

/**
 * Runs the built main process on the stub, acts as system, page and core on it, and prints what it did as JSON. It runs in
 * a process of its own because the main process is a program and not a module with parts.
 */
Object.defineProperty(process, 'platform', { value: 'linux' });
await import(new URL('../../out/main/main.js', import.meta.url).href);
for (let n = 0; n < 5; n += 1) await turn();

const [window] = record.windows;
const result: Record<string, unknown> = {
  windows: record.windows.length,
  quits: record.quits,
};

if (window !== undefined) {
  result.start = {
    url: window.url,
    preferences: window.options.webPreferences,
    schemes: record.schemes,
    sandboxed: record.sandboxed,
    menus: record.menus,
    shownAtOnce: window.shown,
  };
  window.emit('ready-to-show');
  app.emit('second-instance');
  result.again = { windows: record.windows.length, shown: window.shown, focused: window.focused };

  const granted: boolean[] = [];
  for (const permission of ['media', 'notifications', 'clipboard-read', 'openExternal']) {
    handlers.permissionRequest?.(window.webContents, permission, (answer) => granted.push(answer));
  }
  result.permissions = { granted, check: handlers.permissionCheck?.(), device: handlers.device?.() };

  const contents = new WebContents();
  app.emit('web-contents-created', {}, contents);
  const links = [
    'https://supabase.com/dashboard',
    'http://supabase.com/',
    'https://supabase.com.evil.example/',
    'https://user:pass@supabase.com/',
    'https://supabase.com:8443/',
    'https://evil.example/',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'app://cutover/',
    'not a link',
  ];
  result.opened = {
    actions: links.map((url) => contents.openHandler?.({ url }).action),
    links: record.opened,
  };

  const stays = (event: string, url: string) => {
    let prevented = false;
    contents.emit(event, { url, preventDefault: () => (prevented = true) });
    return prevented;
  };
  const places = [
    'app://cutover/',
    'app://cutover/#/migration',
    'app://cutover/other',
    'app://other/',
    'https://supabase.com/',
    'file:///etc/passwd',
  ];
  result.navigation = ['will-navigate', 'will-redirect', 'will-frame-navigate'].map((event) =>
    places.filter((url) => !stays(event, url)),
  );
  result.webview = stays('will-attach-webview', '');

  const ask = async (url: string, method = 'GET', headers: Record<string, string> = {}) => {
    const response = await handlers.page?.(new Request(url, { method, headers }));
    return {
      status: response?.status,
      headers: Object.fromEntries(response?.headers ?? []),
      body: await response?.text(),
    };
  };
  result.page = {
    index: await ask('app://cutover/'),
    again: await ask('app://cutover/'),
    refused: await Promise.all(
      [
        'app://other/',
        'app://cutover/..%2f..%2fpackage.json',
        'app://cutover/%2e%2e%2fmain/main.js',
        'app://cutover/..%5cmain%5cmain.js',
        'app://cutover/assets/',
        'app://cutover/nothing',
        'app://cutover/%00',
      ].map(async (url) => (await ask(url)).status),
    ),
    posted: (await ask('app://cutover/', 'POST')).status,
  };

  const sender = window.webContents;
  const own = { parent: null, origin: 'app://cutover' };
  for (const senderFrame of [null, { ...own, parent: own }, { ...own, origin: 'https://evil.example' }]) {
    ipcMain.emit('cutover:port', { sender, senderFrame });
  }
  result.foreign = { posted: sender.posted.length, children: record.children.length };
  ipcMain.emit('cutover:port', { sender, senderFrame: own });
  ipcMain.emit('cutover:port', { sender, senderFrame: own });
  const [child] = record.children;
  const [given] = sender.posted;
  const near = child?.posted[0]?.ports[0];
  const far = given?.ports[0];
  const carried = new Promise((resolve) => near?.once('message', resolve));
  far?.postMessage('through');
  result.ports = {
    children: record.children.map(({ program, args }) => ({
      program: program.replaceAll('\\', '/').slice(-15),
      args,
    })),
    messages: child?.posted.map(({ message, ports }) => ({ message, ports: ports.length })),
    toPage: sender.posted.map(({ channel, ports }) => ({ channel, ports: ports.length })),
    carried: await carried,
  };
  for (const { ports } of [...sender.posted, ...(child?.posted ?? [])]) ports[0]?.close();

  const pipe = join(await mkdtemp(join(tmpdir(), 'cutover-drive-')), 'transfers');
  const transferServer = createServer(({ url, method, headers: { authorization, range } }, response) => {
    response
      .setHeader('content-type', 'text/plain')
      .end(JSON.stringify({ url, method, authorization, range }));
  });
  await new Promise<void>((resolve) => transferServer.listen(pipe, resolve));
  // It waits for the core to be ready.
  const waiting = ask('app://cutover/transfer/id.1?x=y', 'GET', { range: 'bytes=1-2' });
  child?.emit('message', { type: 'ready', transfers: { pipe, key: 'the key' } });
  result.transfer = {
    answer: await waiting,
    posted: (await ask('app://cutover/transfer/id.1', 'POST')).status,
    foreign: (await ask('app://other/transfer/id.1')).status,
  };
  transferServer.close();

  record.chosenFolder = '/home/ada/files';
  child?.emit('message', { type: 'choose-folder', id: 3 });
  await turn();
  record.chosenFolder = undefined;
  child?.emit('message', { type: 'choose-folder', id: 4 });
  await turn();
  result.folders = child?.posted.slice(-2).map(({ message }) => message);

  const secret = async (operation: string, text: string) => {
    child?.emit('message', { type: 'secret', id: 7, operation, text });
    for (let n = 0; n < 5; n += 1) await turn();
    return child?.posted.at(-1)?.message;
  };
  const sealed = Buffer.from('sealed:hunter2').toString('base64');
  result.basicText = [
    await secret('available', ''),
    await secret('encrypt', 'hunter2'),
    await secret('decrypt', sealed),
  ];
  keyStore.backend = 'gnome_libsecret';
  result.keyring = [
    await secret('available', ''),
    await secret('encrypt', 'hunter2'),
    await secret('decrypt', sealed),
  ];
  keyStore.broken = true;
  result.undecryptable = await secret('decrypt', sealed);
  const before = child?.posted.length;
  for (const nonsense of [null, 'x', { type: 'secret', id: 'x' }, { type: 'unknown' }])
    child?.emit('message', nonsense);
  await turn();
  result.nonsenseAnswered = child?.posted.length !== before;

  const middle = (32 * 16 + 16) * 4;
  const health = (services?: Record<string, number>) => {
    child?.emit('message', { type: 'health', ...(services === undefined ? {} : { services }) });
    const tray = record.trays.at(-1);
    return { tip: tray?.tip, colour: [...(tray?.picture.subarray(middle, middle + 4) ?? [])] };
  };
  const focusedBefore = window.focused;
  const quitsWithTray = record.quits;
  const trayStates = [
    health({ healthy: 4, degraded: 0, down: 0, unknown: 0 }),
    health({ healthy: 2, degraded: 1, down: 1, unknown: 0 }),
  ];
  app.emit('window-all-closed');
  const quitsOfClosing = record.quits - quitsWithTray;
  child?.emit('message', { type: 'notice', title: 'shop: backend is down', text: 'It refuses connections.' });
  const [tray] = record.trays;
  tray?.menu.find(({ label }) => label === 'Open Cutover')?.click?.();
  health(undefined);
  result.tray = {
    states: trayStates,
    trays: record.trays.length,
    quitsWithTray: quitsOfClosing,
    notices: record.notices,
    // The notification was pressed, then the menu's entry.
    focused: window.focused - focusedBefore,
    gone: tray?.destroyed,
  };

  child?.emit('exit', 1);
  ipcMain.emit('cutover:port', { sender, senderFrame: own });
  const second = record.children[1];
  second?.emit('message', {
    type: 'failed',
    error: { code: 'WORKSPACE_UNREADABLE', message: 'It is damaged.', hint: 'Repair it.', retryable: false },
  });
  second?.emit('exit', 1);
  await turn();
  result.failure = { children: record.children.length, dialogs: record.dialogs, reloads: window.reloads };

  ipcMain.emit('cutover:port', { sender, senderFrame: own });
  const third = record.children[2];
  const quitsBefore = record.quits;
  let prevented = false;
  app.emit('before-quit', { preventDefault: () => (prevented = true) });
  await turn();
  const waits = record.quits === quitsBefore;
  third?.emit('exit', 0);
  await turn();
  await turn();
  result.quit = {
    prevented,
    waits,
    told: third?.posted.at(-1)?.message,
    killed: third?.killed,
    quits: record.quits - quitsBefore,
    dialogs: record.dialogs.length,
  };
}

process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
