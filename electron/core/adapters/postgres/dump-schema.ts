import { AppError } from '#shared/model/errors';
import { z } from 'zod';
import type { SchemaEntry } from '../../ports/database';
import { withDeadline } from '../common/deadline';
import { startWorkerThread } from '../common/worker-thread';
import { classifyDatabaseError } from './classify';
import { sideTitle, type ConnectionConfig } from './connection-config';
import { relay } from './pg-dump-relay';
import { connectClient, requireOwnBackend, usualPatience, within, type Patience } from './session';
import { splitDump } from './split-dump';

/** One answer of the server may take so many times the silence after which a connection is looked after. */
const silences = 2;
/** Milliseconds that a whole dump may take. */
const dumpTimeout = 10 * 60_000;

/** Owners, tablespaces and access methods are a matter of the target. */
const dumpArguments = [
  '--schema-only',
  '--no-owner',
  '--no-tablespaces',
  '--no-table-access-method',
  '--encoding=UTF8',
  '--lock-wait-timeout=30s',
];

const messageSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('request'), bytes: z.instanceof(Uint8Array) }),
  z.object({ type: z.literal('done'), text: z.string() }),
  z.object({ type: z.literal('failed'), message: z.string() }),
]);

function failed(config: ConnectionConfig, reason: string): AppError {
  const denied = /permission denied for [^\n]*/.exec(reason)?.[0];
  if (denied !== undefined) {
    return new AppError(
      'DATABASE_PERMISSION_DENIED',
      `The role ${config.user} may not read all of ${sideTitle[config.side]}: ${denied}.`,
      {
        hint: 'Use the owner of the tables, or grant the role SELECT on every table and USAGE on every schema.',
      },
    );
  }
  return new AppError('SCHEMA_DUMP_FAILED', `The schema of ${sideTitle[config.side]} could not be read.`, {
    hint: /lock/i.test(reason)
      ? 'Another session holds a lock on a table (a migration, a VACUUM FULL). Wait for it to end, then try again.'
      : 'The details hold what pg_dump said.',
    retryable: true,
    details: { reason: reason.trim().slice(0, 2_000) },
  });
}

/** Runs pg_dump over an authenticated connection of ours and splits what it prints. */
export async function dumpSchema(
  config: ConnectionConfig,
  signal: AbortSignal,
  patience: Patience = usualPatience,
): Promise<SchemaEntry[]> {
  const client = await connectClient(config, signal);
  const { stream } = client.connection;
  try {
    // pg_dump makes settings of its own.
    await requireOwnBackend(client, config, signal, patience);
    const versionRow = z.object({ server_version: z.string() });
    const answer = await within(client, patience.silence, () => client.query('show server_version'));
    const version = versionRow.parse(answer.rows[0]).server_version;
    // From here on the socket is pg_dump's; the client's own parser must not see the answers.
    stream.removeAllListeners('data');
    return splitDump(await runWorker(relay(stream, version), config, signal, patience.silence * silences));
  } catch (error) {
    throw classifyDatabaseError(error, { config, phase: 'work', signal });
  } finally {
    stream.destroy();
  }
}

async function runWorker(
  answer: (bytes: Uint8Array) => Promise<Uint8Array>,
  config: ConnectionConfig,
  signal: AbortSignal,
  answerTimeout: number,
): Promise<string> {
  const wake = new Int32Array(new SharedArrayBuffer(4));
  const worker = startWorkerThread('pg-dump-worker', new URL('./pg-dump-worker.ts', import.meta.url), {
    signal: wake,
    timeout: answerTimeout,
    args: dumpArguments,
  });
  const deadline = withDeadline(signal, dumpTimeout);
  const release = (): void => {
    Atomics.store(wake, 0, 1);
    Atomics.notify(wake, 0);
  };
  try {
    return await new Promise<string>((resolve, reject) => {
      const stop = (): void => {
        reject(
          signal.aborted
            ? new AppError('CANCELLED', 'The operation was cancelled.')
            : failed(config, `pg_dump took longer than ${dumpTimeout / 60_000} minutes`),
        );
      };
      deadline.addEventListener('abort', stop, { once: true });
      if (deadline.aborted) stop();
      worker.once('error', (error: unknown) =>
        reject(failed(config, error instanceof Error ? error.message : String(error))),
      );
      worker.once('exit', () => reject(failed(config, 'pg_dump ended without a result')));
      worker.on('message', (raw: unknown) => {
        const message = messageSchema.parse(raw);
        switch (message.type) {
          case 'done':
            resolve(message.text);
            break;
          case 'failed':
            reject(failed(config, message.message));
            break;
          case 'request':
            answer(message.bytes).then((bytes) => {
              worker.postMessage(bytes);
              release();
            }, reject);
        }
      });
    });
  } finally {
    // A thread that sleeps for an answer does not hear that it is to end.
    release();
    await worker.terminate();
  }
}
