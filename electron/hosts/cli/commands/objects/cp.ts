import type { CommandContext } from '../../context';
import type { ExitCode } from '../../exit-codes';
import { withSession } from '../../session';
import { isFolder, parseAddress, type ObjectOptions } from './object-address';
import { jobEnd } from './job-end';

export interface CopyOptions extends ObjectOptions {
  recursive?: boolean;
  replace?: boolean;
}

/**
 * Copies an object, or everything below a prefix, to the target. An address that ends with a slash is a folder to copy into;
 * another one is the new name.
 */
export function copyObjects(
  context: CommandContext,
  from: string,
  to: string,
  options: CopyOptions,
  move = false,
): Promise<ExitCode> {
  const { signal } = context;
  const { side = 'target' } = options;
  const original = parseAddress(from);
  const goal = parseAddress(to);
  const folder = isFolder(original, options.recursive);
  const into = goal.key === '' || goal.key.endsWith('/');
  const order = folder
    ? {
        keys: [],
        prefixes: [original.key],
        base: original.key,
        to: { bucket: goal.bucket, prefix: into ? goal.key : `${goal.key}/` },
      }
    : {
        keys: [original.key],
        prefixes: [],
        base: original.key.slice(0, original.key.lastIndexOf('/') + 1),
        to: { bucket: goal.bucket, prefix: into ? goal.key : '' },
        ...(into ? {} : { rename: goal.key }),
      };
  return withSession(context, options, { secrets: 'ask' }, async (session) =>
    jobEnd(
      context,
      session,
      await session.handlers['buckets.copy'](
        {
          ...order,
          from: { side, bucket: original.bucket },
          move,
          ifExists: options.replace === true ? 'replace' : 'skip',
        },
        { signal },
      ),
    ),
  );
}
