import type { UsageNode } from '#shared/model/buckets';
import { formatBytes } from '#shared/model/format-bytes';
import type { CommandContext } from '../../context';
import { type ExitCode, exitCodes } from '../../exit-codes';
import { withSession } from '../../session';
import { count } from '#shared/model/counted';
import { table } from '../../text';
import { parseAddress, type ObjectOptions } from './object-address';

function rowsOf(node: UsageNode, depth: number): string[][] {
  const rest = node.rest;
  return [
    [
      formatBytes(node.bytes),
      count(node.objects),
      `${'  '.repeat(depth)}${node.prefix === '' ? '(all)' : node.prefix}`,
    ],
    ...(node.children ?? []).flatMap((child) => rowsOf(child, depth + 1)),
    ...(rest === undefined || rest.prefixes === 0
      ? []
      : [
          [
            formatBytes(rest.bytes),
            count(rest.objects),
            `${'  '.repeat(depth + 1)}${count(rest.prefixes)} further folders`,
          ],
        ]),
  ];
}

/** Adds up what lies below an address, folder by folder, the largest first. */
export function usageOfObjects(
  context: CommandContext,
  place: string,
  options: ObjectOptions & { depth?: number },
): Promise<ExitCode> {
  const { output, signal } = context;
  const { side = 'target', depth = 1 } = options;
  const { bucket, key: prefix } = parseAddress(place);
  return withSession(context, options, { secrets: 'ask' }, async ({ handlers }) => {
    const events = handlers['buckets.usage']({ side, bucket, prefix, depth }, { signal, after: -1 });
    for await (const { event } of events) {
      const { objects, bytes, done, tree } = event;
      if (!done) output.progress(`${count(objects)} objects, ${formatBytes(bytes)}`);
      else {
        await output.document({ bucket, prefix, objects, bytes, ...(tree === undefined ? {} : { tree }) });
        const rows = tree === undefined ? [[formatBytes(bytes), count(objects), prefix]] : rowsOf(tree, 0);
        for (const line of table([['size', 'objects', 'folder'], ...rows], [0, 1])) output.line(line);
      }
    }
    return exitCodes.done;
  });
}
