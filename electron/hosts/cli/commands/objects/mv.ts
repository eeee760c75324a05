import type { CommandContext } from '../../context';
import type { ExitCode } from '../../exit-codes';
import { copyObjects, type CopyOptions } from './cp';

/** Copies within the target, then deletes the originals that were copied. The source's objects are not moved. */
export function moveObjects(
  context: CommandContext,
  from: string,
  to: string,
  options: Omit<CopyOptions, 'side'>,
): Promise<ExitCode> {
  return copyObjects(context, from, to, options, true);
}
