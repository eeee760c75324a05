import { Command, InvalidArgumentError, Option } from 'commander';
import { activityAreas } from '#shared/model/activity';
import { type Lane, laneSchema, lanes } from '#shared/model/run';
import type { ActivityOptions } from './commands/activity';
import type { CompareOptions } from './commands/compare';
import type { DatabaseChoiceOptions } from './database-choices';
import { addCors } from './cors-program';
import { addExposure } from './exposure-program';
import { addObjects } from './objects-program';
import { addLinks } from './links-program';
import { addDeploy } from './deploy-program';
import { addHealth } from './health-program';
import { addUsers } from './users-program';
import { type CommonOptions as Common, type Perform, sub, withWorkspace } from './program-parts';

interface Only extends Common {
  only?: Lane[];
}
interface Users extends Only, DatabaseChoiceOptions {
  usersMapping?: string;
}
interface Page extends Common {
  open: boolean;
  port?: number;
}

const examples = `
Settings come from the environment, then --env-file, then the workspace. Without --workspace (or CUTOVER_WORKSPACE)
a workspace is made for the target that the settings name, and found again by the same settings. It lies in
CUTOVER_HOME, or in the place that the operating system has for such data.

Examples:
  $ cutover practice                              try a whole migration on throw-away services
  $ cutover open --workspace ./my-app             the console, in the browser
  $ cutover check --env-file .env.migration       test every connection
  $ cutover run --env-file .env.migration         show the plan, ask, run, verify
  $ cutover run --yes --json --only users > events.ndjson
  $ cutover run --resume 20260102T030405Z-abc123  take up a run that stopped

Exit codes: 0 done, 1 failed, 2 usage or a missing setting, 3 refused, 4 verification differs, 130 cancelled.
Passphrases come from CUTOVER_PASSPHRASE (workspace) and CUTOVER_SSH_KEY_PASSPHRASE (SSH key), never from an argument.
The console’s /metrics is for Prometheus: with the bearer token in CUTOVER_METRICS_TOKEN, which is off without one.
`;

/** The command line of Cutover. */
export function createProgram(version: string, perform: Perform): Command {
  const program = new Command('cutover')
    .description(
      'Moves a running web application to Supabase and Cloudflare R2: database, users and files, proven row by row.',
    )
    .version(version)
    .addHelpText('after', examples)
    .showHelpAfterError('Try cutover --help.')
    .exitOverride();

  sub(program, 'practice', 'start both sides of a migration on loopback, and the console on them', [
    'cutover practice',
    'cutover practice --no-open --json   prints one line {url, workspace, envFile, env} when ready',
  ])
    .option('--keep <dir>', 'keep the data in this folder')
    .addOption(portOption())
    .option('--no-open', 'do not open the browser')
    .option('--json', 'print one JSON line when ready')
    .action((options: Page & { keep?: string }) =>
      perform(options.json === true, async (context) =>
        (await import('./commands/practice')).practice(context, options),
      ),
    );

  withWorkspace(
    sub(program, 'open', 'open the console in the browser', [
      'cutover open --workspace ./my-app --port 4870',
    ]),
  )
    .addOption(portOption())
    .option('--no-open', 'print the address only')
    .addOption(
      new Option('--or-practice', 'start the practice environment when there is no workspace').hideHelp(),
    )
    .action((options: Page & { orPractice?: boolean }) =>
      perform(options.json === true, async (context) =>
        (await import('./commands/open')).open(context, options),
      ),
    );

  withOnly(
    sub(program, 'check', 'test the connections', ['cutover check --env-file .env.migration --json']),
  ).action((options: Only) =>
    perform(options.json === true, async (context) =>
      (await import('./commands/check')).check(context, options),
    ),
  );

  withChoices(
    sub(program, 'inspect', 'show what is there and what will not survive the move', [
      'cutover inspect --only database',
      'cutover inspect --only users --json    the mapping of the users is under users.mapping',
    ]),
  ).action((options: Users) =>
    perform(options.json === true, async (context) =>
      (await import('./commands/inspect')).inspect(context, options),
    ),
  );

  withChoices(
    sub(program, 'plan', 'show what a run would do; writes nothing', [
      'cutover plan --env-file .env.migration',
      `cutover plan --leave-out 'legacy.*' --without-rows public.audit_log`,
      'cutover plan --users-mapping users.json',
    ]),
  ).action((options: Users) =>
    perform(options.json === true, async (context) =>
      (await import('./commands/plan')).plan(context, options),
    ),
  );

  withChoices(
    sub(program, 'run', 'plan, ask, run and verify', [
      'cutover run --env-file .env.migration',
      'cutover run --yes --json            journal events as NDJSON, at last {"type":"result", …}',
      'cutover run --yes --plan HASH       refuse when the plan is not the one that was read',
      'cutover run --resume RUN            take up a run that stopped',
    ]),
  )
    .option('--resume <run>', 'take up a cancelled, failed or interrupted run')
    .option('--plan <hash>', 'run only this plan; another one is refused with exit code 3')
    .option('-y, --yes', 'do not ask; needed without a terminal')
    .action((options: Users & { resume?: string; plan?: string; yes?: boolean }) =>
      perform(options.json === true, async (context) =>
        (await import('./commands/run')).run(context, options),
      ),
    );

  withMapping(
    withWorkspace(
      sub(
        program,
        'carry-users',
        'carry over who signed up and what changed of the users since their import',
        [
          'cutover carry-users --dry-run       count only; writes nothing',
          'cutover carry-users --yes --json    before the cutover, as often as you like',
        ],
      ),
    ),
  )
    .option('--dry-run', 'count only')
    .option('-y, --yes', 'do not ask; needed without a terminal')
    .action((options: Users & { dryRun?: boolean; yes?: boolean }) =>
      perform(options.json === true, async (context) =>
        (await import('./commands/carry-users')).carryUsers(context, options),
      ),
    );

  withWorkspace(
    sub(
      program,
      'verify',
      'compare both sides of a run again, or any two databases',
      [
        'cutover verify --json                        both sides of the newest run that ended',
        'cutover verify --databases                   SOURCE_DATABASE_URL and SUPABASE_DB_URL as they are now, without a run',
        'cutover verify --databases --table public.orders --rows 50',
      ],
      '[run]',
    ),
  )
    .option('--databases', 'compare definitions, sequences and every row of the two databases')
    .option('--table <name>', 'with --databases: only the rows of this table; may be repeated', collect)
    .addOption(
      new Option(
        '--rows <number>',
        'with --databases: differing rows shown for a table; default 10',
      ).argParser(parseRows),
    )
    .action((runId: string | undefined, options: Common & CompareOptions) =>
      perform(options.json === true, async (context) =>
        options.databases === true
          ? (await import('./commands/compare')).compare(context, runId, options)
          : (await import('./commands/verify')).verify(context, runId, options),
      ),
    );

  withWorkspace(
    sub(program, 'runs', 'list the runs of the workspace', ['cutover runs --workspace ./my-app']),
  ).action((options: Common) =>
    perform(options.json === true, async (context) =>
      (await import('./commands/runs')).runs(context, options),
    ),
  );

  withWorkspace(
    sub(program, 'activity', 'show what was done in the workspace, the newest first', [
      'cutover activity --area users --limit 20',
      'cutover activity --search ada@example.org --json',
    ]),
  )
    .addOption(new Option('--area <area>', 'only acts of this part').choices(activityAreas))
    .option('--search <text>', 'only acts that mention it')
    .addOption(new Option('--limit <number>', 'how many at most; default 50').argParser(parseLimit))
    .action((options: Common & ActivityOptions) =>
      perform(options.json === true, async (context) =>
        (await import('./commands/activity')).activity(context, options),
      ),
    );

  withWorkspace(
    sub(
      program,
      'cancel',
      'stop a run at the next safe point',
      ['cutover cancel --workspace ./my-app'],
      '[run]',
    ),
  ).action((runId: string | undefined, options: Common) =>
    perform(options.json === true, async (context) =>
      (await import('./commands/cancel')).cancel(context, runId, options),
    ),
  );

  addObjects(program, perform);
  addUsers(program, perform);
  addLinks(program, perform);
  addCors(program, perform);
  addExposure(program, perform);
  addDeploy(program, perform);
  addHealth(program, perform);

  return program;
}

function withOnly(command: Command): Command {
  return withWorkspace(command).addOption(
    new Option('--only <what>', `part of ${lanes.join(',')}; default all but links`).argParser(parseOnly),
  );
}

function withMapping(command: Command): Command {
  return command.option(
    '--users-mapping <file>',
    'JSON that says which tables and columns hold the users, kept for the workspace; none takes it back',
  );
}

function withChoices(command: Command): Command {
  return withMapping(withOnly(command))
    .option(
      '--leave-out <pattern>',
      'tables and views that are not moved: public.audit_*, crm.*, /regex/; may be repeated, is kept for the workspace; none takes it back',
      collect,
    )
    .option('--without-rows <pattern>', 'tables that are made and stay empty; like --leave-out', collect)
    .option(
      '--without-entry <id>',
      'a single entry of the schema that is not applied, as the plan names it: TRIGGER public.orders audit; like --leave-out',
      collect,
    );
}

function portOption(): Option {
  return new Option('--port <number>', 'port on 127.0.0.1; default a free one').argParser((text) => {
    const port = /^\d{1,5}$/.test(text) ? Number(text) : -1;
    if (port < 0 || port > 65535) throw new InvalidArgumentError('It is not a port number.');
    return port;
  });
}

function parseLimit(text: string): number {
  const limit = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > 500) throw new InvalidArgumentError('Give a number from 1 to 500.');
  return limit;
}

function parseRows(text: string): number {
  const rows = /^\d{1,3}$/.test(text) ? Number(text) : -1;
  if (rows < 0 || rows > 200) throw new InvalidArgumentError('Give a number from 0 to 200.');
  return rows;
}

function collect(value: string, before: string[] = []): string[] {
  return [...before, value];
}

function parseOnly(text: string): Lane[] {
  const chosen = text.split(',').map((part) => laneSchema.safeParse(part.trim()));
  const known = chosen.flatMap((part) => (part.success ? [part.data] : []));
  if (known.length !== chosen.length) {
    throw new InvalidArgumentError(`Choose from ${lanes.join(', ')}, separated by commas.`);
  }
  return lanes.filter((lane) => known.includes(lane));
}
