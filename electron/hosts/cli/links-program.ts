import { type Command, InvalidArgumentError, Option } from 'commander';
import type { FindOptions } from './commands/links';
import { type CommonOptions, type Perform, sub, withWorkspace } from './program-parts';

type Yes = CommonOptions & { yes?: boolean };

const load = () => import('./commands/links');

/** The commands under `cutover links`. */
export function addLinks(program: Command, perform: Perform): void {
  const links = sub(program, 'links', 'links to the old storage in the database’s rows', [
    'cutover links find                what is there, by column',
    'cutover links preview             before and after',
    'cutover links rewrite             on the target; old values are kept there',
    'cutover links check               whether the new links answer',
    'cutover links undo                gives the rows their old links back',
  ]);
  const yes = (command: Command): Command =>
    command.option('-y, --yes', 'do not ask; needed without a terminal');
  const side = () =>
    new Option('--side <side>', 'which database').choices(['source', 'target']).default('target');

  withWorkspace(
    sub(links, 'find', 'count them by column; reads only', ['cutover links find --side source --json']),
  )
    .addOption(side())
    .action((options: CommonOptions & FindOptions) =>
      perform(options.json === true, async (context) => (await load()).findLinks(context, options)),
    );
  withWorkspace(
    sub(links, 'preview', 'show what would become of them; reads only', [
      'cutover links preview --samples 10',
    ]),
  )
    .addOption(side())
    .addOption(
      new Option('--samples <number>', 'how many for each column').default(5).argParser(number(1, 50)),
    )
    .action((options: CommonOptions & FindOptions) =>
      perform(options.json === true, async (context) => (await load()).findLinks(context, options)),
    );
  yes(
    withWorkspace(
      sub(links, 'rewrite', 'rewrite them on the target, as a run', ['cutover links rewrite --yes --json']),
    ),
  ).action((options: Yes) =>
    perform(options.json === true, async (context) => (await load()).rewriteLinks(context, options)),
  );
  withWorkspace(
    sub(links, 'rewrites', 'list the rewrites that can be undone', ['cutover links rewrites --json']),
  ).action((options: CommonOptions) =>
    perform(options.json === true, async (context) => (await load()).linkRewrites(context, options)),
  );
  withWorkspace(
    sub(links, 'check', 'ask the public addresses for the new links', [
      'cutover links check --limit 1000000',
    ]),
  )
    .argument('[rewrite]', 'id of the rewrite; default: the newest')
    .addOption(
      new Option('--limit <number>', 'how many at most; default 10000').argParser(number(1, 1_000_000)),
    )
    .action((rewrite: string | undefined, options: CommonOptions & { limit?: number }) =>
      perform(options.json === true, async (context) => (await load()).checkLinks(context, rewrite, options)),
    );
  yes(
    withWorkspace(
      sub(links, 'undo', 'give the rows their old links back', ['cutover links undo --yes']),
    ).argument('[rewrite]', 'id of the rewrite; default: the newest'),
  ).action((rewrite: string | undefined, options: Yes) =>
    perform(options.json === true, async (context) => (await load()).undoLinks(context, rewrite, options)),
  );
  yes(
    withWorkspace(
      sub(links, 'forget', 'remove the old values from the target for good', ['cutover links forget']),
    ),
  ).action((options: Yes) =>
    perform(options.json === true, async (context) => (await load()).forgetLinks(context, options)),
  );
}

function number(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : -1;
    if (value < least || value > most)
      throw new InvalidArgumentError(`Give a number from ${least} to ${most}.`);
    return value;
  };
}
