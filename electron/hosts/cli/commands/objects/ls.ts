import type { ListedObject } from '#shared/model/buckets';
import type { CommandContext } from '../../context';
import { type ExitCode, exitCodes } from '../../exit-codes';
import { withSession } from '../../session';
import { count } from '#shared/model/counted';
import { table } from '../../text';
import { parseAddress, type ObjectOptions } from './object-address';

export interface ListOptions extends ObjectOptions {
  recursive?: boolean;
  limit?: number;
}

const pageKeys = 1000;

/** Lists buckets, or the folders and objects of one folder in the order of their keys. */
export function listObjects(
  context: CommandContext,
  place: string | undefined,
  options: ListOptions,
): Promise<ExitCode> {
  const { output, signal } = context;
  const { side = 'target', recursive = false, limit = 10_000 } = options;
  const address = place === undefined ? undefined : parseAddress(place);
  return withSession(context, options, { secrets: 'ask' }, async ({ handlers }) => {
    if (address === undefined) {
      const { buckets } = await handlers['buckets.list']({ side }, { signal });
      await output.document({ buckets });
      for (const { name } of buckets) output.line(`${name}/`);
      return exitCodes.done;
    }
    const prefixes: string[] = [];
    const objects: ListedObject[] = [];
    let token: string | undefined;
    do {
      const page = await handlers['buckets.objects'](
        {
          side,
          bucket: address.bucket,
          prefix: address.key,
          delimiter: recursive ? '' : '/',
          limit: Math.min(pageKeys, limit - prefixes.length - objects.length),
          ...(token === undefined ? {} : { token }),
        },
        { signal },
      );
      prefixes.push(...page.prefixes);
      objects.push(...page.objects);
      token = page.next;
    } while (token !== undefined && prefixes.length + objects.length < limit);
    const more = token !== undefined;
    await output.document({ prefixes, objects, more });
    const rows = [
      ...prefixes.map((prefix) => ['', '', prefix]),
      ...objects.map(({ key, size, modifiedAt }) => [
        count(size),
        modifiedAt.slice(0, 19).replace('T', ' '),
        key,
      ]),
    ];
    for (const line of table(rows, [0])) output.line(line);
    if (more) output.note(`There are more than ${count(limit)}: see --limit.`);
    return exitCodes.done;
  });
}
