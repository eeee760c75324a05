import type { Duplex } from 'node:stream';
import { AppError, isCancelled } from '#shared/model/errors';
import { z } from 'zod';
import type { SchemaDump } from '../../ports/database';
import { withDeadline } from '../common/deadline';
import { startWorkerThread } from '../common/worker-thread';
import { classifyDatabaseError } from './classify';
import type { ConnectionConfig } from './connection-config';
import { dumpInContainer, type SourceContainers } from './dump-in-container';
import { dumpNative, type NativeDump, type PgDumpChoice } from './dump-native';
import { dumpArguments, dumpFailed, dumpTimeout } from './pg-dump-options';
import { relay } from './pg-dump-relay';
import { requireOwnBackend } from './backend';
import { connectClient, usualPatience, within, type Patience } from './client';
import { splitDump } from './split-dump';

/** One answer of the server may take so many times the silence after which a connection is looked after. */
const silences = 2;

const messageSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('request'), bytes: z.instanceof(Uint8Array) }),
  z.object({ type: z.literal('done'), text: z.string() }),
  z.object({ type: z.literal('failed'), message: z.string() }),
]);

/** A connection that pg_dump speaks over, authenticated, with the server's version; it is cut in the end. */
async function withOwnConnection<T>(
  config: ConnectionConfig,
  signal: AbortSignal,
  patience: Patience,
  work: (stream: Duplex, version: string) => Promise<T>,
): Promise<T> {
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
    return await work(stream, version);
  } catch (error) {
    throw classifyDatabaseError(error, { config, phase: 'work', signal });
  } finally {
    stream.destroy();
  }
}

/** Runs the built-in pg_dump over a connection of ours. */
const dumpBuiltIn: Dump = (config, signal, patience) =>
  withOwnConnection(config, signal, patience, (stream, version) =>
    runWorker(relay(stream, version), config, signal, patience.silence * silences),
  );

type Dump = (config: ConnectionConfig, signal: AbortSignal, patience: Patience) => Promise<string>;

/** What may read a schema besides the built-in pg_dump, and which of them the operator wants. */
export interface DumpChoice {
  readonly by: PgDumpChoice;
  /** Containers that may be the server's; undefined when no host is set. */
  readonly containers?: SourceContainers | undefined;
}

/** Another program would meet these just the same. */
const wouldRecur = /lock|did not answer in time|connection to the server was lost|longer than/i;

/** Why the built-in pg_dump does not serve, in a phrase that is the same each time; undefined when no other one would. */
function whyNot(error: unknown): string | undefined {
  if (!(error instanceof AppError) || error.code !== 'SCHEMA_DUMP_FAILED') return undefined;
  const reason = error.details?.reason ?? '';
  if (wouldRecur.test(reason)) return undefined;
  return /server version mismatch/.test(reason)
    ? 'the server is newer than the pg_dump in Cutover'
    : `the pg_dump in Cutover failed (${reason.split('\n')[0]?.slice(0, 200) ?? ''})`;
}

/**
 * Reads a schema: with the built-in pg_dump, or where that can't serve with one of this machine or of the server's container, whichever is as new as
 * the server. What the operator chose is tried alone. `builtIn`: another built-in pg_dump, in tests. Throws `SCHEMA_DUMP_FAILED`.
 */
export async function dumpSchema(
  config: ConnectionConfig,
  signal: AbortSignal,
  patience: Patience = usualPatience,
  { by, containers }: DumpChoice = { by: { kind: 'automatic' } },
  builtIn: Dump = dumpBuiltIn,
): Promise<SchemaDump> {
  const onThisMachine = () =>
    withOwnConnection(config, signal, patience, (stream, version) =>
      dumpNative(config, stream, version, signal),
    );
  const inContainer = (name?: string) => dumpInContainer(config, containers, name, signal, patience);
  const chosen = (program: NativeDump): SchemaDump => ({
    entries: splitDump(program.text),
    by: { program: program.program, reason: 'the settings say so' },
  });
  switch (by.kind) {
    case 'built-in':
      return { entries: splitDump(await builtIn(config, signal, patience)) };
    case 'native':
      return chosen(await onThisMachine());
    case 'container':
      return chosen(await inContainer(by.name));
    case 'automatic':
  }
  try {
    return { entries: splitDump(await builtIn(config, signal, patience)) };
  } catch (error) {
    const reason = whyNot(error);
    if (reason === undefined) throw error;
    const tried: string[] = [];
    for (const read of [onThisMachine, inContainer]) {
      try {
        const { text, program } = await read();
        return { entries: splitDump(text), by: { program, reason } };
      } catch (failure) {
        if (isCancelled(failure)) throw failure;
        tried.push(failure instanceof AppError ? failure.message : String(failure));
      }
    }
    throw new AppError('SCHEMA_DUMP_FAILED', `The schema could not be read: ${reason}. ${tried.join(' ')}`, {
      hint: 'Install PostgreSQL’s client programs, as new as the server, on this machine, or give the SSH access of the host whose container the server runs in.',
      retryable: true,
      cause: error,
    });
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
    args: [...dumpArguments],
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
            : dumpFailed(config, `pg_dump took longer than ${dumpTimeout / 60_000} minutes`),
        );
      };
      deadline.addEventListener('abort', stop, { once: true });
      if (deadline.aborted) stop();
      worker.once('error', (error: unknown) =>
        reject(dumpFailed(config, error instanceof Error ? error.message : String(error))),
      );
      worker.once('exit', () => reject(dumpFailed(config, 'pg_dump ended without a result')));
      worker.on('message', (raw: unknown) => {
        const message = messageSchema.parse(raw);
        switch (message.type) {
          case 'done':
            resolve(message.text);
            break;
          case 'failed':
            reject(dumpFailed(config, message.message));
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
    // Its end takes longer than reading a small schema, and nothing depends on it.
    void worker.terminate();
  }
}
