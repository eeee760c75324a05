import { Readable } from 'node:stream';
import { makeZip } from 'client-zip';
import { toAppError } from '#shared/model/errors';
import type { ListedObject } from '#shared/model/buckets';
import type { BucketReader } from '../../adapters/s3/bucket-store';
import { createSafePaths } from './safe-paths';
import { listAll } from './scan';

export interface ZipOrder {
  bucket: string;
  keys: readonly string[];
  prefixes: readonly string[];
  /** Paths in the archive begin after it. */
  base: string;
}

/** The file in an archive that names what could not be put into it. */
const missingFile = 'not-downloaded.txt';

/**
 * Objects as one ZIP archive, streamed and not compressed: nothing is held but one object's chunk and the archive's index. No path
 * in it leads out of the folder that it is unpacked into. An object that can't be opened is named in a file at the end; one that
 * breaks off breaks the archive off, so that it never looks whole.
 */
export function zipOf(reader: BucketReader, order: ZipOrder, signal: AbortSignal): Readable {
  const pathOf = createSafePaths();
  async function* entries() {
    const missing: string[] = [];
    for await (const { key, modifiedAt } of objectsOf(reader, order, signal)) {
      const name = pathOf(key.slice(order.base.length));
      if (name === undefined) continue;
      try {
        const { head, body } = await reader.read(order.bucket, key, {}, signal);
        yield { name, input: body, size: head.size, lastModified: new Date(head.modifiedAt || modifiedAt) };
      } catch (error) {
        signal.throwIfAborted();
        missing.push(`${JSON.stringify(key)}: ${toAppError(error).message}`);
      }
    }
    if (missing.length === 0) return;
    const input = `These objects could not be read:\n${missing.join('\n')}\n`;
    yield { name: pathOf(missingFile) ?? missingFile, input, lastModified: new Date() };
  }
  return Readable.fromWeb(makeZip(entries()));
}

/** What an order chooses: single objects, then all below each prefix. */
export async function* objectsOf(
  reader: BucketReader,
  { bucket, keys, prefixes }: ZipOrder,
  signal: AbortSignal,
): AsyncGenerator<Pick<ListedObject, 'key' | 'modifiedAt'>> {
  for (const key of keys) yield { key, modifiedAt: '' };
  for (const prefix of prefixes) {
    for await (const objects of listAll(reader, bucket, prefix, signal)) yield* objects;
  }
}
