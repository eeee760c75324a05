import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { AppError, toAppError } from '#shared/model/errors';
import type { Side } from '#shared/model/buckets';
import { createSafePaths } from '../../../../core/services/buckets/safe-paths';
import type { CommandContext } from '../../context';
import { type ExitCode, exitCodes } from '../../exit-codes';
import { type Session, withSession } from '../../session';
import { count } from '../../text';
import { isFolder, parseAddress, type ObjectAddress, type ObjectOptions } from './object-address';

export interface GetOptions extends ObjectOptions {
  recursive?: boolean;
  overwrite?: boolean;
}

interface Got {
  key: string;
  file: string;
}

/** Objects of a folder that are read at once. */
const atOnce = 8;

/** Saves one object as a file, or everything below a prefix in a folder. No name leads out of it, whatever the keys are. */
export function getObjects(
  context: CommandContext,
  place: string,
  into: string | undefined,
  options: GetOptions,
): Promise<ExitCode> {
  const { output } = context;
  const { side = 'target' } = options;
  const address = parseAddress(place);
  const folder = isFolder(address, options.recursive);
  return withSession(context, options, { secrets: 'ask' }, async (session) => {
    if (!folder) {
      const name = createSafePaths()(address.key.slice(address.key.lastIndexOf('/') + 1)) ?? 'object';
      const file = await fileFor(into, name);
      await save(context, session, side, address, file, options.overwrite);
      await output.document({ saved: [{ key: address.key, file }], failed: [] });
      output.line(file);
      return exitCodes.done;
    }
    const { saved, failed } = await saveFolder(
      context,
      session,
      side,
      address,
      into ?? '.',
      options.overwrite,
    );
    await output.document({ saved, failed });
    output.line(`${count(saved.length)} objects saved in ${path.resolve(into ?? '.')}`);
    for (const { key, message } of failed) output.line(`  ${output.paint('bad', key)}  ${message}`);
    return failed.length === 0 ? exitCodes.done : exitCodes.failed;
  });
}

/** A folder that is there takes the file under its own name. */
async function fileFor(into: string | undefined, name: string): Promise<string> {
  if (into === undefined) return name;
  const there = await stat(into).catch(() => undefined);
  return there?.isDirectory() === true ? path.join(into, name) : into;
}

async function save(
  { signal }: CommandContext,
  { core, handlers }: Session,
  side: Side,
  { bucket, key }: ObjectAddress,
  file: string,
  overwrite: boolean | undefined,
): Promise<void> {
  if (overwrite !== true && (await stat(file).catch(() => undefined)) !== undefined) {
    throw new AppError('INVALID_INPUT', `${file} is there already.`, {
      hint: 'Add --overwrite to replace it.',
    });
  }
  const { transferId } = await handlers['buckets.download'](
    { side, bucket, keys: [key], prefixes: [], base: '' },
    { signal },
  );
  const { body } = await core.buckets().download(transferId, signal, undefined);
  // A file that breaks off never stands under the name of a whole one.
  const part = `${file}.${transferId.slice(0, 8)}.part`;
  try {
    await pipeline(body, createWriteStream(part, { flags: 'wx' }), { signal });
    await rename(part, file);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

async function saveFolder(
  context: CommandContext,
  session: Session,
  side: Side,
  { bucket, key: prefix }: ObjectAddress,
  into: string,
  overwrite: boolean | undefined,
): Promise<{ saved: Got[]; failed: { key: string; message: string }[] }> {
  const { signal, output } = context;
  const pathOf = createSafePaths();
  const saved: Got[] = [];
  const failed: { key: string; message: string }[] = [];
  let token: string | undefined;
  do {
    const page = await session.handlers['buckets.objects'](
      { side, bucket, prefix, delimiter: '', limit: 1000, ...(token === undefined ? {} : { token }) },
      { signal },
    );
    const waiting = page.objects.flatMap(({ key }) => {
      const name = pathOf(key.slice(prefix.length));
      return name === undefined ? [] : [{ key, file: path.join(into, name) }];
    });
    const worker = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        try {
          await mkdir(path.dirname(next.file), { recursive: true });
          await save(context, session, side, { bucket, key: next.key }, next.file, overwrite);
          saved.push(next);
        } catch (error) {
          signal.throwIfAborted();
          failed.push({ key: next.key, message: toAppError(error).message });
        }
        output.progress(`${count(saved.length)} objects saved`);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
    token = page.next;
  } while (token !== undefined);
  return { saved, failed };
}
