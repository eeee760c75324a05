import { dialog, type MessagePortMain, utilityProcess, type UtilityProcess } from 'electron';
import {
  fromCoreSchema,
  type FromCore,
  type ToCore,
  type TransferAddress,
} from '#shared/desktop/core-messages';
import { toErrorShape, type ErrorShape } from '#shared/model/errors';
import { useKeyStore } from './secrets';

/** Runs are stopped in order when the app quits; after this the process is killed. */
const stopLimitMs = 10_000;

export interface CoreProcessOptions {
  /** The built program of the core's process. */
  program: string;
  args: string[];
  /** Told why, when the process has ended without being asked to. */
  onEnd: (error: ErrorShape | undefined) => void;
  onNotice: (notice: Extract<FromCore, { type: 'notice' }>) => void;
  onHealth: (services: Extract<FromCore, { type: 'health' }>['services']) => void;
}

/** The process in which the core runs, apart from windows, so that a long copy never blocks one. */
export interface CoreProcess {
  /** Gives the core one end of a page's channel, and starts the process when there is none. */
  connect(port: MessagePortMain): void;
  /** Where the process gives and takes file bytes; waits until it is ready, and rejects when it ends before or is not running. */
  transfers(): Promise<TransferAddress>;
  /** Ends the process; resolves when it has ended. */
  stop(): Promise<void>;
}

export function createCoreProcess({
  program,
  args,
  onEnd,
  onNotice,
  onHealth,
}: CoreProcessOptions): CoreProcess {
  let current: { child: UtilityProcess; transfers: Promise<TransferAddress> } | undefined;
  let stopping = false;

  const send = (child: UtilityProcess, message: ToCore, ports?: MessagePortMain[]) =>
    child.postMessage(message, ports);

  const answerSecret = async (
    child: UtilityProcess,
    { id, operation, text }: Extract<FromCore, { type: 'secret' }>,
  ) => {
    try {
      send(child, { type: 'secret-result', id, result: { value: await useKeyStore(operation, text) } });
    } catch (error) {
      send(child, { type: 'secret-result', id, result: { error: toErrorShape(error) } });
    }
  };

  const chooseFolder = async (child: UtilityProcess, id: number) => {
    const { canceled, filePaths } = await dialog.showOpenDialog({
      title: 'Save in a folder',
      buttonLabel: 'Save here',
      properties: ['openDirectory', 'createDirectory'],
    });
    const [path] = canceled ? [] : filePaths;
    send(child, { type: 'folder-chosen', id, ...(path === undefined ? {} : { path }) });
  };

  const start = (): NonNullable<typeof current> => {
    const child = utilityProcess.fork(program, args, { serviceName: 'Cutover core', stdio: 'inherit' });
    let failure: ErrorShape | undefined;
    const transfers = new Promise<TransferAddress>((resolve, reject) => {
      child.on('message', (raw: unknown) => {
        const message = fromCoreSchema.safeParse(raw);
        if (message.success && message.data.type === 'ready') resolve(message.data.transfers);
      });
      child.once('exit', () => reject(new Error('The core’s process has ended.')));
    });
    // Nobody may be waiting for it.
    transfers.catch(() => undefined);
    const started = { child, transfers };
    child.on('message', (raw: unknown) => {
      const message = fromCoreSchema.safeParse(raw);
      if (!message.success) return;
      switch (message.data.type) {
        case 'ready':
          break;
        case 'failed':
          failure = message.data.error;
          break;
        case 'secret':
          void answerSecret(child, message.data);
          break;
        case 'choose-folder':
          void chooseFolder(child, message.data.id);
          break;
        case 'notice':
          onNotice(message.data);
          break;
        case 'health':
          onHealth(message.data.services);
          break;
      }
    });
    child.once('exit', () => {
      if (current === started) current = undefined;
      onHealth(undefined);
      if (!stopping) onEnd(failure);
    });
    return started;
  };

  return {
    connect(port) {
      if (stopping) return;
      current ??= start();
      send(current.child, { type: 'port' }, [port]);
    },
    transfers: () => current?.transfers ?? Promise.reject(new Error('The core’s process is not running.')),
    stop() {
      stopping = true;
      const child = current?.child;
      if (child === undefined) return Promise.resolve();
      return new Promise((resolve) => {
        const timer = setTimeout(() => child.kill(), stopLimitMs);
        child.once('exit', () => {
          clearTimeout(timer);
          resolve();
        });
        send(child, { type: 'stop' });
      });
    },
  };
}
