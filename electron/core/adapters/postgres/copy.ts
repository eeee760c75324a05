import type { AppError } from '#shared/model/errors';
import type { CopyRequest } from '../../ports/database';
import { classifyDatabaseError } from './classify';
import { CopyIn, CopyOut } from './copy-streams';
import { LendingSocket } from './lending-socket';
import type { PgSession } from './session';

/** Rejects when a connection ends; a statement hears nothing when its socket dies in the middle of a copy. */
function ending(session: PgSession): { failed: Promise<never>; forget(): void } {
  let reject: (error: Error) => void = () => undefined;
  const failed = new Promise<never>((_, no) => {
    reject = no;
  });
  failed.catch(() => undefined);
  const onEnd = (): void => reject(new Error('Connection terminated unexpectedly'));
  session.client.once('end', onEnd);
  return { failed, forget: () => session.client.off('end', onEnd) };
}

/**
 * Hands the rows of one session to the other frame by frame; the target's pace holds the source back, so memory is bounded whatever the size
 * of a row. The first side to fail names the error: the other one then only reports that its copy ended early.
 */
export async function copyRows(
  source: PgSession,
  target: PgSession,
  request: Pick<CopyRequest, 'copyOut' | 'copyIn' | 'signal' | 'onBytes'>,
): Promise<{ rows: number; bytes: number }> {
  const { signal } = request;
  let bytes = 0;
  /** Whose turn it is: the target's until it takes rows, then the source's until it has sent them all, then the target's again. */
  let turn: 'target takes' | 'source sends' | 'target ends' = 'target takes';
  let failure: AppError | undefined;
  const from = source.client.connection.stream;
  const to = target.client.connection.stream;
  const sourceEnd = ending(source);
  const targetEnd = ending(target);
  const note =
    (session: PgSession) =>
    (error: unknown): never => {
      failure ??= classifyDatabaseError(error, { config: session.config, phase: 'work', signal });
      throw failure;
    };
  const written = (): void => {
    if (to.writableLength === 0) from.resume();
  };
  const input = new CopyIn(request.copyIn);
  const output = new CopyOut(request.copyOut, (frames) => {
    bytes += frames.length;
    request.onBytes(bytes);
    const roomLeft = to.write(frames, written);
    // What a lending socket gave stays in its place until it is written.
    if (!roomLeft || (from instanceof LendingSocket && to.writableLength > 0)) from.pause();
  });
  const targetSide = <T>(work: Promise<T>): Promise<T> =>
    Promise.race([work, targetEnd.failed]).catch(note(target));
  const sourceSide = <T>(work: Promise<T>): Promise<T> =>
    Promise.race([work, sourceEnd.failed]).catch(note(source));
  try {
    return await target.supervised(
      () => turn !== 'source sends' || to.writableLength > 0,
      () =>
        source.supervised(
          () => turn === 'source sends' && !from.isPaused(),
          async () => {
            target.client.query(input);
            await targetSide(input.ready);
            turn = 'source sends';
            source.client.query(output);
            await Promise.race([sourceSide(output.done), targetSide(input.done)]);
            input.end();
            turn = 'target ends';
            const rows = await targetSide(input.done);
            return { rows, bytes };
          },
        ),
    );
  } catch (error) {
    source.destroy();
    target.destroy();
    throw failure ?? classifyDatabaseError(error, { config: target.config, phase: 'work', signal });
  } finally {
    // The last rows may have been written together with what ended the copy, which lets nobody read on.
    from.resume();
    sourceEnd.forget();
    targetEnd.forget();
  }
}
