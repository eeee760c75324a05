import { EventEmitter } from 'node:events';
import { MessageChannel, type MessagePort } from 'node:worker_threads';

interface Seen {
  windows: BrowserWindow[];
  menus: number;
  schemes: { scheme: string; privileges: Record<string, boolean> }[];
  sandboxed: boolean;
  quits: number;
  opened: string[];
  dialogs: { message: string; detail: string }[];
  /** The button that the operator presses. */
  dialogAnswer: number;
  /** The folder that the operator chooses; none cancels. */
  chosenFolder: string | undefined;
  children: Child[];
  trays: Tray[];
  notices: { title: string; body: string }[];
}

/** What the main process did with Electron, for the driver to look at. The stub refuses what Electron refuses. */
export const record: Seen = {
  windows: [],
  menus: 0,
  schemes: [],
  sandboxed: false,
  quits: 0,
  opened: [],
  dialogs: [],
  dialogAnswer: 0,
  chosenFolder: undefined,
  children: [],
  trays: [],
  notices: [],
};

let ready = false;

class App extends EventEmitter {
  isPackaged = false;
  requestSingleInstanceLock = () => process.env.STUB_SECOND_INSTANCE !== '1';
  setName(_name: string): void {}
  enableSandbox(): void {
    if (ready) throw new Error('enableSandbox after ready');
    record.sandboxed = true;
  }
  async whenReady(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    ready = true;
  }
  quit(): void {
    record.quits += 1;
    this.emit('before-quit', { preventDefault: () => undefined });
  }
}
export const app = new App();

interface WindowOptions {
  webPreferences: Record<string, unknown>;
}

export class WebContents extends EventEmitter {
  openHandler: ((details: { url: string }) => { action: string }) | undefined;
  posted: { channel: string; message: unknown; ports: MessagePort[] }[] = [];
  setWindowOpenHandler(handler: (details: { url: string }) => { action: string }): void {
    if (this.openHandler !== undefined) throw new Error('A second window open handler.');
    this.openHandler = handler;
  }
  postMessage(channel: string, message: unknown, ports: MessagePort[]): void {
    this.posted.push({ channel, message, ports });
  }
}

export class BrowserWindow extends EventEmitter {
  readonly webContents = new WebContents();
  url: string | undefined;
  shown = 0;
  focused = 0;
  reloads = 0;
  static getAllWindows = () => record.windows;
  constructor(readonly options: WindowOptions) {
    super();
    if (!ready) throw new Error('A window before the app is ready.');
    record.windows.push(this);
    app.emit('web-contents-created', {}, this.webContents);
  }
  loadURL(url: string): Promise<void> {
    this.url = url;
    return Promise.resolve();
  }
  show(): void {
    this.shown += 1;
  }
  focus(): void {
    this.focused += 1;
  }
  reload(): void {
    this.reloads += 1;
  }
  isMinimized = () => false;
  restore(): void {}
}

class Child extends EventEmitter {
  posted: { message: unknown; ports: MessagePort[] }[] = [];
  killed = false;
  constructor(
    readonly program: string,
    readonly args: string[],
  ) {
    super();
  }
  postMessage(message: unknown, ports: MessagePort[] = []): void {
    this.posted.push({ message, ports });
  }
  kill(): boolean {
    this.killed = true;
    return true;
  }
}

export const utilityProcess = {
  fork(program: string, args: string[]): Child {
    const child = new Child(program, args);
    record.children.push(child);
    return child;
  },
};

export const MessageChannelMain = MessageChannel;

export const handlers: {
  permissionRequest?: (contents: unknown, permission: string, answer: (granted: boolean) => void) => void;
  permissionCheck?: () => boolean;
  device?: () => boolean;
  page?: (request: Request) => Promise<Response>;
} = {};

export const session = {
  defaultSession: {
    setPermissionRequestHandler: (handler: NonNullable<typeof handlers.permissionRequest>) => {
      handlers.permissionRequest = handler;
    },
    setPermissionCheckHandler: (handler: () => boolean) => {
      handlers.permissionCheck = handler;
    },
    setDevicePermissionHandler: (handler: () => boolean) => {
      handlers.device = handler;
    },
  },
};

export const protocol = {
  registerSchemesAsPrivileged(schemes: Seen['schemes']): void {
    if (ready || record.schemes.length > 0) throw new Error('Schemes are registered once, before ready.');
    record.schemes = schemes;
  },
  handle(scheme: string, handler: NonNullable<typeof handlers.page>): void {
    if (!ready || handlers.page !== undefined || scheme !== record.schemes[0]?.scheme) {
      throw new Error('One handler, for the registered scheme, after ready.');
    }
    handlers.page = handler;
  },
};

class IpcMain extends EventEmitter {
  override on(channel: string, listener: (...args: unknown[]) => void): this {
    if (this.listenerCount(channel) > 0) throw new Error(`A second listener on ${channel}.`);
    return super.on(channel, listener);
  }
}
export const ipcMain = new IpcMain();

export const shell = {
  openExternal(url: string): Promise<void> {
    record.opened.push(url);
    return Promise.resolve();
  },
};

export const dialog = {
  showMessageBox(options: { message: string; detail: string }): Promise<{ response: number }> {
    record.dialogs.push({ message: options.message, detail: options.detail });
    return Promise.resolve({ response: record.dialogAnswer });
  },
  showOpenDialog(options: { properties: string[] }): Promise<{ canceled: boolean; filePaths: string[] }> {
    if (!options.properties.includes('openDirectory')) throw new Error('Only folders are chosen.');
    const { chosenFolder } = record;
    return Promise.resolve({
      canceled: chosenFolder === undefined,
      filePaths: chosenFolder === undefined ? [] : [chosenFolder],
    });
  },
};

export const Menu = {
  buildFromTemplate: (template: unknown[]) => template,
  setApplicationMenu(_menu: unknown): void {
    record.menus += 1;
  },
};

export const nativeImage = {
  createFromBitmap(pixels: Buffer, { width, height }: { width: number; height: number }): Buffer {
    if (pixels.length !== width * height * 4) throw new Error('The picture has another size.');
    return pixels;
  },
};

export class Tray extends EventEmitter {
  tip = '';
  menu: { label?: string; click?: () => void }[] = [];
  destroyed = false;
  constructor(public picture: Buffer) {
    super();
    if (!ready) throw new Error('A tray before the app is ready.');
    record.trays.push(this);
  }
  setImage(picture: Buffer): void {
    this.picture = picture;
  }
  setToolTip(tip: string): void {
    this.tip = tip;
  }
  setContextMenu(menu: Tray['menu']): void {
    this.menu = menu;
  }
  destroy(): void {
    this.destroyed = true;
  }
}

export class Notification extends EventEmitter {
  static isSupported = () => true;
  constructor(readonly options: { title: string; body: string }) {
    super();
  }
  show(): void {
    record.notices.push(this.options);
    this.emit('click');
  }
}

export const keyStore = { backend: 'basic_text', broken: false };
export const safeStorage = {
  getSelectedStorageBackend: () => keyStore.backend,
  isAsyncEncryptionAvailable: () => Promise.resolve(true),
  encryptStringAsync: (text: string) => Promise.resolve(Buffer.from(`sealed:${text}`)),
  decryptStringAsync: (data: Buffer) =>
    keyStore.broken
      ? Promise.reject(new Error(`cannot read ${data.toString()}`))
      : Promise.resolve({ result: data.toString().slice('sealed:'.length), shouldReEncrypt: false }),
};
