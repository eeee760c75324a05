import { constants } from 'node:fs';
import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { AppError } from '#shared/model/errors';

/** Where the parts of one run stand. */
export function runPaths(runsDir: string, runId: string) {
  const dir = join(runsDir, runId);
  return {
    dir,
    journal: join(dir, 'journal.jsonl'),
    plan: join(dir, 'plan.json'),
    requests: join(dir, 'requests'),
    reserve: join(dir, 'reserve'),
  } as const;
}

const codeSchema = z.object({ code: z.string() });

/** The operating system's code of an error (`ENOENT`), if it has one. */
export function systemCode(error: unknown): string | undefined {
  return codeSchema.safeParse(error).data?.code;
}

/** A failed write in the workspace as an AppError: `DISK_FULL_LOCAL` or `WORKSPACE_UNREADABLE`. */
export function toWriteError(error: unknown, what: string): AppError {
  if (error instanceof AppError) return error;
  const code = systemCode(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new AppError(
      'DISK_FULL_LOCAL',
      `The disk that holds the workspace is full: ${what} can't be written.`,
      {
        hint: 'Free some space, then resume the run. Nothing that was finished is done again.',
        retryable: true,
        cause: error,
      },
    );
  }
  return new AppError('WORKSPACE_UNREADABLE', `${what} in the workspace can't be written.`, {
    hint: 'Check that the workspace folder exists and that you may write to it, then resume the run.',
    retryable: true,
    cause: error,
  });
}

/** Makes a folder that only its owner may enter. */
export async function makePrivateDir(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
}

/** Flushes a folder's entries to disk, where the system can (Windows can't open folders). */
export async function syncDir(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(path, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Writes a file of mode 600 and flushes it. */
export async function writeDurably(path: string, text: string): Promise<void> {
  const handle = await open(path, 'w', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The text of a file, or undefined when there is none. */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** The journal's file as the writer sees it; tests put their own in its place. */
export interface AppendFile {
  append(text: string): Promise<void>;
  sync(): Promise<void>;
  truncate(bytes: number): Promise<void>;
  close(): Promise<void>;
}
export type OpenAppendFile = (path: string) => Promise<AppendFile>;

/** Opens a file of mode 600 for appending, and makes it when there is none. */
export const openAppendFile: OpenAppendFile = async (path) => {
  const handle = await open(path, 'a', 0o600);
  return {
    append: (text) => handle.appendFile(text),
    sync: () => handle.datasync(),
    truncate: (bytes) => handle.truncate(bytes),
    close: () => handle.close(),
  };
};

/** Removes a file, if it is there. */
export async function removeFile(path: string): Promise<void> {
  await rm(path, { force: true });
}
