import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { randomUUID } from 'node:crypto';
import { AppError, toAppError } from '#shared/model/errors';
import type { BucketReader } from '../../adapters/s3/bucket-store';
import { runWorkers } from '../../steps/common/run-workers';
import { createSafePaths } from './safe-paths';
import { objectsOf, type ZipOrder } from './zip';

/** Objects that are read at once. */
const atOnce = 8;
/** Objects whose files are named before they are read. */
const batch = 1000;

/** Objects that become files below a folder. */
export interface SaveOrder extends ZipOrder {
  folder: string;
  /** What becomes of a file that is there: it stays, and its object counts as failed, or it is replaced. */
  ifExists: 'refuse' | 'replace';
}

export interface SaveReport {
  saved(key: string, file: string, bytes: number): void;
  failed(key: string, message: string): void;
}

/**
 * Saves objects as files. No file lies outside the folder, whatever the keys are; one that breaks off never stands under the name of a
 * whole one. An object that fails stops no other.
 */
export async function saveObjects(
  reader: BucketReader,
  order: SaveOrder,
  report: SaveReport,
  signal: AbortSignal,
): Promise<void> {
  const pathOf = createSafePaths();
  let waiting: { key: string; file: string }[] = [];
  const save = () =>
    runWorkers(waiting, atOnce, async ({ key, file }) => {
      try {
        const bytes = await saveObject(reader, { bucket: order.bucket, key }, file, order.ifExists, signal);
        report.saved(key, file, bytes);
      } catch (error) {
        signal.throwIfAborted();
        report.failed(key, toAppError(error).message);
      }
    });
  for await (const { key } of objectsOf(reader, order, signal)) {
    const name = pathOf(key.slice(order.base.length));
    if (name !== undefined) waiting.push({ key, file: path.join(order.folder, name) });
    if (waiting.length < batch) continue;
    await save();
    waiting = [];
  }
  await save();
}

/** Saves one object; answers with its size in bytes. Throws `INVALID_INPUT` when the file is there already and may not be replaced. */
export async function saveObject(
  reader: BucketReader,
  { bucket, key }: { bucket: string; key: string },
  file: string,
  ifExists: SaveOrder['ifExists'],
  signal: AbortSignal,
): Promise<number> {
  if (ifExists === 'refuse' && (await stat(file).catch(() => undefined)) !== undefined) {
    throw new AppError('INVALID_INPUT', `${file} is there already.`, {
      hint: 'Choose another folder, or replace what is there: --overwrite on the command line.',
    });
  }
  await mkdir(path.dirname(file), { recursive: true });
  const { head, body } = await reader.read(bucket, key, {}, signal);
  const part = `${file}.${randomUUID().slice(0, 8)}.part`;
  try {
    await pipeline(body, createWriteStream(part, { flags: 'wx' }), { signal });
    await rename(part, file);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
  return head.size;
}
