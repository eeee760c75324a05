import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ObjectsSyncOptions } from './commands/objects-sync';
import type { ObjectsVerifyOptions } from './commands/objects-verify';
import { type CommonOptions, type Perform, sub, withWorkspace } from './program-parts';

/** The commands under `cutover objects` that bring both sides level and compare them. */
export function addObjectsSync(objects: Command, perform: Perform): void {
  withBuckets(
    sub(objects, 'sync', 'copy what is new or different on the source', [
      'cutover objects sync --dry-run',
      'cutover objects sync --bucket uploads --yes',
      'cutover objects sync --delete         also delete what the source no longer has; asks for the number',
    ]),
  )
    .option('--dry-run', 'show what would be done; writes nothing')
    .option('--delete', 'delete on the target what is gone on the source')
    .option('-y, --yes', 'do not ask; needed without a terminal')
    .action((options: CommonOptions & ObjectsSyncOptions) =>
      perform(options.json === true, async (context) =>
        (await import('./commands/objects-sync')).objectsSync(context, options),
      ),
    );

  withBuckets(
    sub(objects, 'verify', 'compare every object with its copy; reads only', [
      'cutover objects verify',
      'cutover objects verify --read 100 --report proof.ndjson',
    ]),
  )
    .addOption(
      new Option(
        '--read <percent>',
        'share of the objects to read in full on both sides; those whose ETags prove nothing are read anyway',
      ).argParser(parsePercent),
    )
    .option('--report <file>', 'write a JSON line for each object: how it was compared, and the result')
    .action((options: CommonOptions & ObjectsVerifyOptions) =>
      perform(options.json === true, async (context) =>
        (await import('./commands/objects-verify')).objectsVerify(context, options),
      ),
    );

  withWorkspace(
    sub(
      objects,
      'failed',
      'list the objects that a run could not copy',
      ['cutover objects failed --json'],
      '[run]',
    ),
  ).action((runId: string | undefined, options: CommonOptions) =>
    perform(options.json === true, async (context) =>
      (await import('./commands/objects-failed')).objectsFailed(context, runId, options),
    ),
  );
}

function withBuckets(command: Command): Command {
  return withWorkspace(command).option(
    '--bucket <name>',
    'only this bucket of the source; can be given several times',
    (name: string, names: string[] | undefined): string[] => [...(names ?? []), name],
  );
}

/** A share from 0 to 1. */
function parsePercent(text: string): number {
  const percent = /^\d{1,3}(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(percent >= 0 && percent <= 100)) throw new InvalidArgumentError('Give a number from 0 to 100.');
  return percent / 100;
}
