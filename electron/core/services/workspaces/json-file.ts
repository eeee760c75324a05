import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { z } from 'zod';
import { AppError } from '#shared/model/errors';

/** A holder writes one small file; a lock that is older than this was left behind by a process that died. */
const staleLockMs = 10_000;
const lockPollMs = 15;

/**
 * A JSON file with a schema that several processes may read and change at the same time. Readers never see half a file;
 * a change is made on the newest content, so none is lost.
 */
export interface JsonFile<T> {
  /** Undefined when there is no file. Throws `WORKSPACE_UNREADABLE` when it is damaged or not of the schema. */
  read(): Promise<T | undefined>;
  /** Writes what `change` makes of the content. Throws `DISK_FULL_LOCAL` or `WORKSPACE_UNREADABLE`. */
  update(change: (current: T | undefined) => T | Promise<T>): Promise<T>;
}

/** `mode` is the permission of the file, 0o600 for one with secrets. */
export function jsonFile<T>(file: string, schema: z.ZodType<T>, mode = 0o644): JsonFile<T> {
  const read = async (): Promise<T | undefined> => {
    const text = await readFile(file, 'utf8').catch((error: unknown) => {
      if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return undefined;
      throw unreadable(file, errorCode(error) ?? 'it could not be read');
    });
    if (text === undefined) return undefined;
    const parsed = schema.safeParse(parseJson(file, text));
    if (parsed.success) return parsed.data;
    const at = parsed.error.issues[0]?.path.join('.') ?? '';
    throw unreadable(file, at === '' ? 'not of the expected form' : `not of the expected form at ${at}`);
  };
  return {
    read,
    update: async (change) => {
      try {
        await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
        return await withLock(`${file}.lock`, async () => {
          const next = schema.parse(await change(await read()));
          await replaceFile(file, `${JSON.stringify(next, null, 2)}\n`, mode);
          return next;
        });
      } catch (error) {
        throw writeFailure(file, error);
      }
    },
  };
}

function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw unreadable(file, 'not JSON');
  }
}

async function replaceFile(file: string, text: string, mode: number): Promise<void> {
  const temporary = `${file}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const handle = await open(temporary, 'wx', mode);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function withLock<T>(lock: string, body: () => Promise<T>): Promise<T> {
  while (!(await tryLock(lock))) {
    const age = await stat(lock).then(
      (found) => Date.now() - found.mtimeMs,
      () => 0,
    );
    if (age > staleLockMs) await rm(lock, { force: true });
    else await sleep(lockPollMs + Math.random() * lockPollMs);
  }
  try {
    return await body();
  } finally {
    await rm(lock, { force: true });
  }
}

async function tryLock(lock: string): Promise<boolean> {
  try {
    const handle = await open(lock, 'wx', 0o600);
    await handle.close();
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

function unreadable(file: string, reason: string): AppError {
  return new AppError('WORKSPACE_UNREADABLE', `${file} can't be used: ${reason}.`, {
    hint: 'Restore the file from a copy, or move it away and enter its settings again.',
    details: { file, reason },
  });
}

function writeFailure(file: string, error: unknown): unknown {
  if (error instanceof AppError) return error;
  const code = errorCode(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new AppError('DISK_FULL_LOCAL', `${file} can't be written: the disk of this machine is full.`, {
      hint: 'Free some space, then do it again.',
      retryable: true,
    });
  }
  if (code === undefined) return error;
  return new AppError('WORKSPACE_UNREADABLE', `${file} can't be written (${code}).`, {
    hint: 'Check that this user may write to the folder.',
    details: { file, reason: code },
  });
}
