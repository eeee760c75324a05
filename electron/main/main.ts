import { join } from 'node:path';
import { app, BrowserWindow, dialog, ipcMain, MessageChannelMain, Notification } from 'electron';
import type { ErrorShape } from '#shared/model/errors';
import { portChannel } from '#shared/rpc/port-messages';
import { createCoreProcess } from './core-process';
import { setMenu } from './menu';
import { registerPageScheme, servePage } from './page-protocol';
import { createHealthTray } from './tray';
import { confine, denyPermissions, isOwnPage, openWindow } from './window';

/** The folder `out/`, in a checkout as in a package. */
const built = join(import.meta.dirname, '..');

/** After this many ends without a window between them, the core is not started again by itself. */
const endsBeforeAsking = 3;

function begin(): void {
  let ends = 0;
  let quitting = false;

  const core = createCoreProcess({
    program: join(built, 'main/desktop.js'),
    args: process.argv.slice(app.isPackaged ? 1 : 2),
    onEnd: (error) => {
      ends += 1;
      // The page asks for a new port by itself, and that starts the core again.
      if (error !== undefined || ends >= endsBeforeAsking) void askAfterFailure(error);
    },
    onNotice: ({ title, text }) => {
      if (!Notification.isSupported()) return;
      const notification = new Notification({ title, body: text });
      notification.on('click', show);
      notification.show();
    },
    onHealth: (services) => tray.show(services),
  });

  const askAfterFailure = async (error: ErrorShape | undefined) => {
    const { response } = await dialog.showMessageBox({
      type: 'error',
      message: error?.message ?? 'The part of Cutover that does the work has ended several times.',
      detail: error?.hint ?? 'A run that was under way can be resumed.',
      buttons: ['Try again', 'Quit'],
      defaultId: 0,
      cancelId: 1,
    });
    ends = 0;
    if (response === 1) app.quit();
    else for (const window of BrowserWindow.getAllWindows()) window.reload();
  };

  const show = () => {
    const [window] = BrowserWindow.getAllWindows();
    if (window === undefined) {
      openWindow(join(built, 'preload/preload.cjs'));
      return;
    }
    if (window.isMinimized()) window.restore();
    window.focus();
  };

  const tray = createHealthTray({ open: show, quit: () => app.quit() });

  registerPageScheme();
  app.enableSandbox();
  app.on('web-contents-created', (_event, contents) => confine(contents));
  app.on('second-instance', show);
  app.on('activate', show);
  app.on('window-all-closed', () => {
    // Watching goes on in the tray.
    if (process.platform !== 'darwin' && !tray.present()) app.quit();
  });
  app.on('before-quit', (event) => {
    if (quitting) return;
    quitting = true;
    // Runs stop at a boundary from which they can be resumed; only then the app goes.
    event.preventDefault();
    void core.stop().finally(() => app.quit());
  });

  ipcMain.on(portChannel, (event) => {
    if (!isOwnPage(event.senderFrame)) return;
    const { port1, port2 } = new MessageChannelMain();
    core.connect(port1);
    event.sender.postMessage(portChannel, null, [port2]);
  });

  void app.whenReady().then(() => {
    denyPermissions();
    servePage({ pageDir: join(built, 'renderer'), transfers: () => core.transfers() });
    setMenu(!app.isPackaged);
    show();
  });
}

// A second start shows the window of the first: two cores on one workspace would only wait for each other.
if (app.requestSingleInstanceLock()) begin();
else app.quit();
