import { type MessagePortMain, utilityProcess, type UtilityProcess } from 'electron';
import { fromCoreSchema, type FromCore, type ToCore } from '#shared/desktop/core-messages';
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
  let current: UtilityProcess | undefined;
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

  const start = (): UtilityProcess => {
    const child = utilityProcess.fork(program, args, { serviceName: 'Cutover core', stdio: 'inherit' });
    let failure: ErrorShape | undefined;
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
        case 'notice':
          onNotice(message.data);
          break;
        case 'health':
          onHealth(message.data.services);
          break;
      }
    });
    child.once('exit', () => {
      if (current === child) current = undefined;
      onHealth(undefined);
      if (!stopping) onEnd(failure);
    });
    return child;
  };

  return {
    connect(port) {
      if (stopping) return;
      current ??= start();
      send(current, { type: 'port' }, [port]);
    },
    stop() {
      stopping = true;
      const child = current;
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
