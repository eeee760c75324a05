import { formatBytes } from '#shared/model/format-bytes';
import type { CommandContext } from '../../context';
import { type ExitCode, exitCodes } from '../../exit-codes';
import { withSession } from '../../session';
import { count } from '#shared/model/counted';
import { table } from '../../text';
import { parseObject, type ObjectOptions } from './object-address';

/** Shows what a store knows of one object. */
export function statObject(
  context: CommandContext,
  place: string,
  options: ObjectOptions,
): Promise<ExitCode> {
  const { output, signal } = context;
  const { side = 'target' } = options;
  const address = parseObject(place);
  return withSession(context, options, { secrets: 'ask' }, async ({ handlers }) => {
    const stat = await handlers['buckets.stat']({ side, ...address }, { signal });
    await output.document(stat);
    const rows = [
      ['key', stat.key],
      ['size', `${count(stat.size)} bytes (${formatBytes(stat.size)})`],
      ['modified', stat.modifiedAt],
      ['etag', stat.etag],
      ...(stat.publicUrl === undefined ? [] : [['url', stat.publicUrl]]),
      ...Object.entries(stat.attributes.headers).map(([name, value]) => [name, value]),
      ...Object.entries(stat.attributes.metadata).map(([name, value]) => [`x-amz-meta-${name}`, value]),
    ];
    for (const line of table(rows)) output.line(line);
    return exitCodes.done;
  });
}
