import type { CommandContext } from '../../context';
import { type ExitCode, exitCodes } from '../../exit-codes';
import { confirmTyped } from '../../prompt';
import { withSession } from '../../session';
import { isFolder, needsYes, parseAddress, type ObjectOptions } from './object-address';
import { jobEnd } from './job-end';

/** Deletes an object of the target, or everything below a prefix; asks for the bucket's name. */
export function removeObjects(
  context: CommandContext,
  place: string,
  options: Omit<ObjectOptions, 'side'> & { recursive?: boolean; yes?: boolean },
): Promise<ExitCode> {
  const { terminal, signal, output } = context;
  needsYes(context, options.yes);
  const address = parseAddress(place);
  const { bucket, key } = address;
  const chosen = isFolder(address, options.recursive)
    ? { keys: [], prefixes: [key] }
    : { keys: [key], prefixes: [] };
  return withSession(context, options, { secrets: 'ask' }, async (session) => {
    if (options.yes !== true && terminal !== undefined) {
      const what = chosen.keys.length === 1 ? `${bucket}/${key}` : `everything below ${bucket}/${key}`;
      const question = `Delete ${what} for good? R2 keeps no versions. Type ${bucket} to go on: `;
      if (!(await confirmTyped(terminal, question, bucket, signal))) {
        output.line('Nothing was deleted.');
        return exitCodes.cancelled;
      }
    }
    return jobEnd(
      context,
      session,
      await session.handlers['buckets.delete']({ bucket, ...chosen }, { signal }),
    );
  });
}
