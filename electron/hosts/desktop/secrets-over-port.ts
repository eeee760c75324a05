import { z } from 'zod';
import type { FromCore, ToCore } from '#shared/desktop/core-messages';
import { AppError } from '#shared/model/errors';
import type { SecretsBroker } from '../../core/ports/secrets-broker';

/** A broker whose key store is in another process, and the way in for that process's answers. */
export interface RemoteSecrets {
  broker: SecretsBroker;
  onResult(message: Extract<ToCore, { type: 'secret-result' }>): void;
}

/** Asks the desktop's main process, which alone may use the system's key store. */
export function createRemoteSecrets(send: (message: FromCore) => void): RemoteSecrets {
  const waiting = new Map<
    number,
    { resolve(value: string | boolean): void; reject(error: AppError): void }
  >();
  let nextId = 0;

  const ask = (operation: Extract<FromCore, { type: 'secret' }>['operation'], text: string) =>
    new Promise<string | boolean>((resolve, reject) => {
      const id = nextId++;
      waiting.set(id, { resolve, reject });
      send({ type: 'secret', id, operation, text });
    });

  return {
    broker: {
      available: async () => z.boolean().parse(await ask('available', '')),
      encrypt: async (text) => z.string().parse(await ask('encrypt', text)),
      decrypt: async (base64) => z.string().parse(await ask('decrypt', base64)),
    },
    onResult({ id, result }) {
      const entry = waiting.get(id);
      waiting.delete(id);
      if ('error' in result) entry?.reject(AppError.fromShape(result.error));
      else entry?.resolve(result.value);
    },
  };
}
