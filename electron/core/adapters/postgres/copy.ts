import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import type { AppError } from '#shared/model/errors';
import type { CopyRequest } from '../../ports/database';
import { classifyDatabaseError } from './classify';
import type { PgSession } from './session';

/**
 * Streams rows from one session into the other; back-pressure bounds the memory. The first side to fail names the error:
 * the other one then only reports that its stream ended early.
 */
export async function copyRows(
  source: PgSession,
  target: PgSession,
  request: Pick<CopyRequest, 'copyOut' | 'copyIn' | 'signal' | 'onBytes'>,
): Promise<{ rows: number; bytes: number }> {
  const { signal } = request;
  let bytes = 0;
  let failure: AppError | undefined;
  const note = (session: PgSession) => (error: unknown) => {
    failure ??= classifyDatabaseError(error, { config: session.config, phase: 'work', signal });
  };
  const meter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      request.onBytes(bytes);
      done(null, chunk);
    },
  });
  // A stream hears nothing when its socket dies in the middle of a copy.
  const ended = (session: PgSession, reject: (error: Error) => void) => (): void => {
    reject(new Error(`Connection terminated unexpectedly (${session.config.side})`));
  };
  const output = source.client.query(copyTo(request.copyOut));
  const input = target.client.query(copyFrom(request.copyIn));
  output.once('error', note(source));
  input.once('error', note(target));
  const sourceEnded = ended(source, (error) => output.destroy(error));
  const targetEnded = ended(target, (error) => input.destroy(error));
  source.client.once('end', sourceEnded);
  target.client.once('end', targetEnded);
  try {
    await pipeline(output, meter, input, { signal });
    return { rows: input.rowCount, bytes };
  } catch (error) {
    source.destroy();
    target.destroy();
    throw failure ?? classifyDatabaseError(error, { config: target.config, phase: 'work', signal });
  } finally {
    source.client.off('end', sourceEnded);
    target.client.off('end', targetEnded);
  }
}
