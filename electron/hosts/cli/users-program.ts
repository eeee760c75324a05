import { type Command, InvalidArgumentError, Option } from 'commander';
import { foreverHours, linkKinds, type LinkKind, userSearchFields, userStates } from '#shared/model/users';
import type { FilterOptions } from './commands/users';
import type { UserFields } from './commands/users-acts';
import { type CommonOptions, type Perform, sub, withWorkspace } from './program-parts';

const reading = () => import('./commands/users');
const acting = () => import('./commands/users-acts');

const who = 'id, e-mail address or phone number';

/** The commands under `cutover users`. */
export function addUsers(program: Command, perform: Perform): void {
  const users = sub(program, 'users', 'the users of the project: list, look at, change', [
    'cutover users list --search maria --state banned',
    'cutover users ban ada@example.org --hours 24',
    'cutover users import users.csv --dry-run',
  ]);
  const command = (name: string, description: string, samples: readonly string[]): Command =>
    withWorkspace(sub(users, name, description, samples));

  addReading(command, perform);
  addActs(command, perform);
  addResets(command, perform);
  addTrial(command, perform);

  command('import', 'import users from a CSV file; who is there already stays as they are', [
    'cutover users import users.csv --dry-run',
    'cutover users import users.csv --json     exit code 4 when some lines are not usable',
  ])
    .argument('<file>', 'CSV whose first line names the columns: email or phone, and others')
    .option('--dry-run', 'say what would happen; writes nothing')
    .action((file: string, options: CommonOptions & { dryRun?: boolean }) =>
      perform(options.json === true, async (context) => (await acting()).importUsers(context, file, options)),
    );
}

/** Unhurried: a mail server of one's own may take far more, the service's built-in one takes two. */
const usualPace = 30;

function addResets(command: MakeCommand, perform: Perform): void {
  command(
    'reset-mails',
    'write to imported users who need a new password; resumable, sends nothing without a yes',
    ['cutover users reset-mails --dry-run', 'cutover users reset-mails --per-hour 100 --yes'],
  )
    .addOption(
      new Option('--per-hour <number>', 'how many mails at most')
        .default(usualPace)
        .argParser(number(1, 36_000)),
    )
    .option('--dry-run', 'say how many there are; sends nothing')
    .option('-y, --yes', 'do not ask; needed without a terminal')
    .action((options: CommonOptions & { perHour: number; dryRun?: boolean; yes?: boolean }) =>
      perform(options.json === true, async (context) =>
        (await import('./commands/users-resets')).sendResetMails(context, options),
      ),
    );
}

type MakeCommand = (name: string, description: string, samples: readonly string[]) => Command;

function withFilter(command: Command): Command {
  return command
    .option('--search <text>', 'in any letter case')
    .addOption(new Option('--in <field>', 'where to search; default any').choices(userSearchFields))
    .addOption(new Option('--state <state>', 'only users in this state').choices(userStates))
    .option('--provider <name>', 'only users who come by this way')
    .option('--mfa', 'only users with a second factor')
    .option('--migrated', 'only users who came by an import')
    .option('--never-signed-in', 'only users who never signed in')
    .option('--created-from <date>', 'not older than this')
    .option('--created-to <date>', 'older than this')
    .option('--signed-in-from <date>', 'last sign-in not before this')
    .option('--signed-in-to <date>', 'last sign-in before this');
}

function addReading(command: MakeCommand, perform: Perform): void {
  withFilter(command('list', 'list users, the newest first', ['cutover users list --limit 1000 --json']))
    .addOption(new Option('--limit <number>', 'how many at most').default(50).argParser(number(1, 1000)))
    .option('--cursor <text>', 'where to go on: the `next` of the list before')
    .action((options: CommonOptions & FilterOptions & { limit: number; cursor?: string }) =>
      perform(options.json === true, async (context) => (await reading()).listUsers(context, options)),
    );
  command('get', 'show everything about one user', ['cutover users get ada@example.org --json'])
    .argument('<user>', who)
    .action((user: string, options: CommonOptions) =>
      perform(options.json === true, async (context) => (await reading()).getUser(context, user, options)),
    );
  command('stats', 'show how many users there are, who comes, and by which way', [
    'cutover users stats --days 7',
  ])
    .addOption(new Option('--days <number>', 'span of the sign-ups').default(30).argParser(number(1, 366)))
    .action((options: CommonOptions & { days: number }) =>
      perform(options.json === true, async (context) => (await reading()).userStats(context, options)),
    );
  withFilter(command('export', 'write users into a new file', ['cutover users export --out users.csv']))
    .addOption(new Option('--format <format>', 'form of the file').choices(['csv', 'json']).default('csv'))
    .requiredOption('--out <file>', 'must not be there yet')
    .action((options: CommonOptions & FilterOptions & { format: 'csv' | 'json'; out: string }) =>
      perform(options.json === true, async (context) => (await reading()).exportUsers(context, options)),
    );
}

function addTrial(command: MakeCommand, perform: Perform): void {
  command(
    'try-sign-in',
    'sign in as a test user with the password that you type; it is kept nowhere, the session is ended',
    ['cutover users try-sign-in ada@example.org'],
  )
    .argument('<login>', 'e-mail address, or phone number with its country')
    .action((login: string, options: CommonOptions) =>
      perform(options.json === true, async (context) =>
        (await import('./commands/users-trial')).trySignIn(context, login, options),
      ),
    );
}

function withFields(command: Command): Command {
  return command
    .option('--phone <number>', 'with its country: +49301234567')
    .option('--user-metadata <json>', 'top-level keys; null removes one')
    .option('--app-metadata <json>', 'top-level keys; null removes one');
}

function addActs(command: MakeCommand, perform: Perform): void {
  withFields(
    command('create', 'make a user, without a password', ['cutover users create --email ada@example.org']),
  )
    .option('--email <address>', 'address of the user')
    .option('--unconfirmed', 'address and number have to be confirmed first')
    .action((options: CommonOptions & UserFields & { unconfirmed?: boolean }) =>
      perform(options.json === true, async (context) => (await acting()).createUser(context, options)),
    );
  command('invite', 'send an invitation by mail', ['cutover users invite ada@example.org'])
    .argument('<email>', 'address')
    .action((email: string, options: CommonOptions) =>
      perform(options.json === true, async (context) => (await acting()).inviteUser(context, email, options)),
    );
  withFields(
    command('update', 'change address, number or metadata', [
      `cutover users update ada@example.org --user-metadata '{"plan": "pro", "trial": null}'`,
    ]),
  )
    .argument('<user>', who)
    .option('--email <address>', 'the new address')
    .action((user: string, options: CommonOptions & UserFields) =>
      perform(options.json === true, async (context) => (await acting()).updateUser(context, user, options)),
    );
  command('ban', 'keep a user out; issued tokens stay valid until they expire', [
    'cutover users ban ada@example.org --hours 24',
  ])
    .argument('<user>', who)
    .addOption(
      new Option('--hours <number>', 'default: for good')
        .default(foreverHours)
        .argParser(number(1, foreverHours)),
    )
    .action((user: string, options: CommonOptions & { hours: number }) =>
      perform(options.json === true, async (context) =>
        (await acting()).actOnUser(context, user, { kind: 'ban', hours: options.hours }, options),
      ),
    );
  for (const [name, kind, description] of [
    ['unban', 'unban', 'let a user in again'],
    ['sign-out', 'signOut', 'end all sessions of a user; issued tokens stay valid until they expire'],
  ] as const) {
    command(name, description, [`cutover users ${name} ada@example.org`])
      .argument('<user>', who)
      .action((user: string, options: CommonOptions) =>
        perform(options.json === true, async (context) =>
          (await acting()).actOnUser(context, user, { kind }, options),
        ),
      );
  }
  command('link', 'make a link that signs in as the user, or have it sent', [
    'cutover users link ada@example.org --kind recovery',
    'cutover users link ada@example.org --kind magiclink --send',
  ])
    .argument('<email>', 'address')
    .addOption(new Option('--kind <kind>', 'what it is for').choices(linkKinds).default('recovery'))
    .option('--redirect-to <url>', 'where it leads afterwards')
    .option('--send', 'the Auth service sends it by mail')
    .action(
      (email: string, options: CommonOptions & { kind: LinkKind; redirectTo?: string; send?: boolean }) =>
        perform(options.json === true, async (context) => (await acting()).linkUser(context, email, options)),
    );
  command('delete', 'delete a user; says which rows block it', [
    'cutover users delete ada@example.org --soft',
    'cutover users delete ada@example.org --yes --json',
  ])
    .argument('<user>', who)
    .option('--soft', 'the row stays; address, number and metadata are wiped')
    .option('-y, --yes', 'do not ask; needed without a terminal')
    .action((user: string, options: CommonOptions & { soft?: boolean; yes?: boolean }) =>
      perform(options.json === true, async (context) => (await acting()).deleteUser(context, user, options)),
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
