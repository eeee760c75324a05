import { type Command, InvalidArgumentError, Option } from 'commander';
import type { CopyOptions } from './commands/objects/cp';
import type { GetOptions } from './commands/objects/get';
import type { ListOptions } from './commands/objects/ls';
import type { ObjectOptions } from './commands/objects/object-address';
import type { PutOptions } from './commands/objects/put';
import { type CommonOptions, type Perform, sub, withWorkspace } from './program-parts';

type Common<T> = CommonOptions & T;

/** The commands under `cutover objects` that look at single objects and folders, or change them. */
export function addObjectCommands(objects: Command, perform: Perform): void {
  const sided = (command: Command): Command =>
    withWorkspace(command).addOption(
      new Option('--side <side>', 'which store').choices(['source', 'target']).default('target'),
    );
  const recursive = (command: Command): Command =>
    command.option('-r, --recursive', 'everything below the address');

  recursive(
    sided(
      sub(objects, 'ls', 'list buckets, or a folder of one', [
        'cutover objects ls --side source',
        'cutover objects ls uploads/2026/',
        'cutover objects ls uploads --recursive --json',
      ]),
    ),
  )
    .argument('[place]', 'BUCKET or BUCKET/PREFIX')
    .addOption(
      new Option('--limit <number>', 'how many at most; default 10000').argParser(number(1, 10_000_000)),
    )
    .action((place: string | undefined, options: Common<ListOptions>) =>
      perform(options.json === true, async (context) =>
        (await import('./commands/objects/ls')).listObjects(context, place, options),
      ),
    );
  sided(sub(objects, 'stat', 'show one object', ['cutover objects stat uploads/2026/photo.jpg --json']))
    .argument('<object>', 'BUCKET/KEY')
    .action((place: string, options: Common<ObjectOptions>) =>
      perform(options.json === true, async (context) =>
        (await import('./commands/objects/stat')).statObject(context, place, options),
      ),
    );
  recursive(
    sided(
      sub(objects, 'get', 'save an object, or a folder of them', [
        'cutover objects get uploads/2026/photo.jpg',
        'cutover objects get uploads/2026/ ./photos --recursive',
      ]),
    ),
  )
    .argument('<object>', 'BUCKET/KEY or BUCKET/PREFIX/')
    .argument('[into]', 'file or folder; default: here')
    .option('--overwrite', 'replace files that are there')
    .action((place: string, into: string | undefined, options: Common<GetOptions>) =>
      perform(options.json === true, async (context) =>
        (await import('./commands/objects/get')).getObjects(context, place, into, options),
      ),
    );
  recursive(
    withWorkspace(
      sub(objects, 'put', 'upload a file, or a folder of them', [
        'cutover objects put photo.jpg uploads/2026/',
        'cutover objects put ./photos uploads/2026/ --recursive --replace',
      ]),
    ),
  )
    .argument('<file>', 'file or folder')
    .argument('<object>', 'BUCKET/KEY or BUCKET/PREFIX/')
    .option('--replace', 'replace objects that are there')
    .option('--content-type <type>', 'media type; default by the end of the name')
    .action((file: string, place: string, options: Common<PutOptions>) =>
      perform(options.json === true, async (context) =>
        (await import('./commands/objects/put')).putObjects(context, file, place, options),
      ),
    );
  recursive(
    withWorkspace(
      sub(objects, 'rm', 'delete an object of the target, or everything below a prefix', [
        'cutover objects rm uploads/2026/photo.jpg',
        'cutover objects rm uploads/old/ --recursive --yes --json',
      ]),
    ),
  )
    .argument('<object>', 'BUCKET/KEY or BUCKET/PREFIX/')
    .option('-y, --yes', 'do not ask; needed without a terminal')
    .action((place: string, options: CommonOptions & { recursive?: boolean; yes?: boolean }) =>
      perform(options.json === true, async (context) =>
        (await import('./commands/objects/rm')).removeObjects(context, place, options),
      ),
    );
  const goal = 'BUCKET/KEY on the target; with a slash at the end a folder to copy into';
  recursive(
    sided(
      sub(objects, 'cp', 'copy objects to the target, from either side', [
        'cutover objects cp uploads/a.jpg uploads/b.jpg',
        'cutover objects cp --side source uploads/2026/ uploads/2026/ --recursive',
      ]),
    ),
  )
    .argument('<from>', 'BUCKET/KEY or BUCKET/PREFIX/')
    .argument('<to>', goal)
    .option('--replace', 'replace objects that are there')
    .action((from: string, to: string, options: Common<CopyOptions>) =>
      perform(options.json === true, async (context) =>
        (await import('./commands/objects/cp')).copyObjects(context, from, to, options),
      ),
    );
  recursive(
    withWorkspace(
      sub(objects, 'mv', 'move or rename objects of the target', [
        'cutover objects mv uploads/a.jpg uploads/b.jpg',
        'cutover objects mv uploads/old/ archive/old/ --recursive',
      ]),
    ),
  )
    .argument('<from>', 'BUCKET/KEY or BUCKET/PREFIX/')
    .argument('<to>', goal)
    .option('--replace', 'replace objects that are there')
    .action((from: string, to: string, options: Common<Omit<CopyOptions, 'side'>>) =>
      perform(options.json === true, async (context) =>
        (await import('./commands/objects/mv')).moveObjects(context, from, to, options),
      ),
    );
  sided(
    sub(objects, 'presign', 'print a link that reads an object for some time', [
      'cutover objects presign uploads/a.jpg --expires 86400',
    ]),
  )
    .argument('<object>', 'BUCKET/KEY')
    .addOption(
      new Option('--expires <seconds>', 'at most 604800; default 3600').argParser(number(1, 604_800)),
    )
    .action((place: string, options: Common<ObjectOptions & { expires?: number }>) =>
      perform(options.json === true, async (context) =>
        (await import('./commands/objects/presign')).presignObject(context, place, options),
      ),
    );
  sided(
    sub(objects, 'du', 'add up what lies in a bucket, by folder', [
      'cutover objects du uploads --depth 2 --side source',
    ]),
  )
    .argument('<place>', 'BUCKET or BUCKET/PREFIX')
    .addOption(new Option('--depth <levels>', 'levels of folders; default 1').argParser(number(0, 4)))
    .action((place: string, options: Common<ObjectOptions & { depth?: number }>) =>
      perform(options.json === true, async (context) =>
        (await import('./commands/objects/du')).usageOfObjects(context, place, options),
      ),
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
