import type { Command } from 'commander';
import type { ExposureOptions } from './commands/exposure';
import { type CommonOptions, type Perform, sub, withWorkspace } from './program-parts';

const load = () => import('./commands/exposure');

const collect = (value: string, all: string[] = []): string[] => [...all, value];

/** The commands under `cutover exposure`. */
export function addExposure(program: Command, perform: Perform): void {
  const exposure = sub(program, 'exposure', 'what anybody reaches on the target with the publishable key', [
    'cutover exposure show              tables, views and functions that are open; asks the REST interface',
    'cutover exposure close --yes       apply the fixes of everything that must be fixed',
  ]);
  type Options = CommonOptions & ExposureOptions;

  withWorkspace(
    sub(exposure, 'show', 'show what is open, with the SQL that closes it; reads only', [
      'cutover exposure show --json       exit code 4 when something must be fixed',
      'cutover exposure show --no-ask     the catalogs only',
    ]),
  )
    .option('--no-ask', 'do not ask the REST interface')
    .action((options: Options & { ask: boolean }) =>
      perform(options.json === true, async (context) => (await load()).showExposure(context, options)),
    );
  withWorkspace(
    sub(exposure, 'close', 'apply the fixes on the target, all or none', [
      `cutover exposure close --finding 'RLS_DISABLED_IN_PUBLIC "public"."orders"'`,
    ]),
  )
    .option(
      '--finding <id>',
      'only this finding, by its id; may be given again; default: all that must be fixed',
      collect,
    )
    .option('-y, --yes', 'do not ask; needed without a terminal')
    .action((options: Options) =>
      perform(options.json === true, async (context) => (await load()).closeExposure(context, options)),
    );
}
