import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { AppError, toAppError } from '#shared/model/errors';
import { mediaTypeOf } from '#shared/page/page-policy';
import type { CommandContext } from '../../context';
import { type ExitCode, exitCodes } from '../../exit-codes';
import { type Session, withSession } from '../../session';
import { count } from '#shared/model/counted';
import { parseAddress, type ObjectOptions } from './object-address';

export interface PutOptions extends Omit<ObjectOptions, 'side'> {
  recursive?: boolean;
  replace?: boolean;
  contentType?: string;
}

interface Upload {
  file: string;
  key: string;
}

const filesAtOnce = 4;
const partsAtOnce = 3;

/** Uploads a file, or a folder with all that is in it, to the target. A name that is taken is refused unless it may be replaced. */
export function putObjects(
  context: CommandContext,
  from: string,
  to: string,
  options: PutOptions,
): Promise<ExitCode> {
  const { output, signal } = context;
  const { bucket, key } = parseAddress(to);
  return withSession(context, options, { secrets: 'ask' }, async (session) => {
    const waiting = await filesOf(from, key, options.recursive);
    const single = options.recursive !== true;
    const stored: string[] = [];
    const failed: { file: string; key: string; message: string }[] = [];
    const worker = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        try {
          await upload(context, session, bucket, next, options);
          stored.push(next.key);
        } catch (error) {
          signal.throwIfAborted();
          if (single) throw error;
          failed.push({ ...next, message: toAppError(error).message });
        }
        output.progress(`${count(stored.length)} files uploaded`);
      }
    };
    await Promise.all(Array.from({ length: filesAtOnce }, worker));
    await output.document({ bucket, stored: stored.sort(), failed });
    output.line(`${count(stored.length)} ${stored.length === 1 ? 'file' : 'files'} uploaded to ${bucket}`);
    for (const { file, message } of failed) output.line(`  ${output.paint('bad', file)}  ${message}`);
    return failed.length === 0 ? exitCodes.done : exitCodes.failed;
  });
}

async function filesOf(from: string, key: string, recursive: boolean | undefined): Promise<Upload[]> {
  const there = await stat(from).catch(() => undefined);
  if (there === undefined) throw new AppError('NOT_FOUND', `There is no file ${from}.`);
  const into = key === '' || key.endsWith('/');
  if (!there.isDirectory()) return [{ file: from, key: into ? `${key}${path.basename(from)}` : key }];
  if (recursive !== true) {
    throw new AppError('INVALID_INPUT', `${from} is a folder.`, {
      hint: 'Add --recursive for everything in it.',
    });
  }
  const entries = await readdir(from, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const file = path.join(entry.parentPath, entry.name);
      const name = path.relative(from, file).split(path.sep).join('/');
      return { file, key: `${into ? key : `${key}/`}${name}` };
    });
}

async function upload(
  { signal }: CommandContext,
  { core, handlers }: Session,
  bucket: string,
  { file, key }: Upload,
  { replace = false, contentType = mediaTypeOf(file) }: PutOptions,
): Promise<void> {
  const { size } = await stat(file);
  const attributes = { headers: { 'content-type': contentType }, metadata: {} };
  const begun = await handlers['buckets.uploadBegin'](
    { bucket, key, size, attributes, ifExists: replace ? 'replace' : 'refuse' },
    { signal },
  );
  if (begun.state === 'exists') {
    throw new AppError('INVALID_INPUT', `${bucket}/${key} is there already.`, {
      hint: 'Add --replace to replace it.',
    });
  }
  const { uploadId, partSize, parts } = begun;
  const waiting = Array.from({ length: parts }, (_unused, index) => index + 1);
  const worker = async (): Promise<void> => {
    for (let part = waiting.shift(); part !== undefined; part = waiting.shift()) {
      const start = (part - 1) * partSize;
      const end = Math.min(size, start + partSize);
      const body = start === end ? emptyBody() : createReadStream(file, { start, end: end - 1 });
      await core.buckets().uploadPart(uploadId, part, body, end - start, signal);
    }
  };
  try {
    await Promise.all(Array.from({ length: partsAtOnce }, worker));
    await handlers['buckets.uploadFinish']({ uploadId }, { signal });
  } catch (error) {
    await handlers['buckets.uploadAbort']({ uploadId }, { signal: AbortSignal.timeout(3000) }).catch(
      () => undefined,
    );
    throw error;
  }
}

async function* emptyBody(): AsyncGenerator<Uint8Array> {
  await Promise.resolve();
  yield* [];
}
