import type { CommandContext } from '../../context';
import { type ExitCode, exitCodes } from '../../exit-codes';
import { withSession } from '../../session';
import { parseObject, type ObjectOptions } from './object-address';

/** Prints a link that reads one object for some time without a key. */
export function presignObject(
  context: CommandContext,
  place: string,
  options: ObjectOptions & { expires?: number },
): Promise<ExitCode> {
  const { output, signal } = context;
  const { side = 'target', expires = 3600 } = options;
  const address = parseObject(place);
  return withSession(context, options, { secrets: 'ask' }, async ({ handlers }) => {
    const link = await handlers['buckets.presign']({ side, ...address, expiresIn: expires }, { signal });
    await output.document(link);
    output.line(link.url);
    output.note(`Good until ${link.expiresAt}. It can’t be taken back before.`);
    return exitCodes.done;
  });
}
