import { stat } from 'node:fs/promises';
import path from 'node:path';
import { createSafePaths } from '../../../../core/services/buckets/safe-paths';
import type { CommandContext } from '../../context';
import { type ExitCode, exitCodes } from '../../exit-codes';
import { withSession } from '../../session';
import { count } from '#shared/model/counted';
import { isFolder, parseAddress, type ObjectOptions } from './object-address';

export interface GetOptions extends ObjectOptions {
  recursive?: boolean;
  overwrite?: boolean;
}

/** Saves one object as a file, or everything below a prefix in a folder. No name leads out of it, whatever the keys are. */
export function getObjects(
  context: CommandContext,
  place: string,
  into: string | undefined,
  options: GetOptions,
): Promise<ExitCode> {
  const { output, signal } = context;
  const { side = 'target' } = options;
  const address = parseAddress(place);
  const folder = isFolder(address, options.recursive);
  const ifExists = options.overwrite === true ? 'replace' : 'refuse';
  return withSession(context, options, { secrets: 'ask' }, async ({ core }) => {
    if (!folder) {
      const name = createSafePaths()(address.key.slice(address.key.lastIndexOf('/') + 1)) ?? 'object';
      const file = await fileFor(into, name);
      await core.buckets().saveAs(side, address, file, ifExists, signal);
      await output.document({ saved: [{ key: address.key, file }], failed: [] });
      output.line(file);
      return exitCodes.done;
    }
    const saved: { key: string; file: string }[] = [];
    const failed: { key: string; message: string }[] = [];
    const { bucket, key: prefix } = address;
    await core.buckets().save(
      side,
      { bucket, keys: [], prefixes: [prefix], base: prefix, folder: into ?? '.', ifExists },
      {
        saved: (key, file) => {
          saved.push({ key, file });
          output.progress(`${count(saved.length)} objects saved`);
        },
        failed: (key, message) => failed.push({ key, message }),
      },
      signal,
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
