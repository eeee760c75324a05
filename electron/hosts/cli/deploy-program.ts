import { type Command, InvalidArgumentError, Option } from 'commander';
import { type PanelServiceId, panelServiceIdSchema } from '#shared/model/easypanel';
import type { ApplyCommandOptions, LogsCommandOptions } from './commands/deploy';
import type { DiffOptions } from './commands/deploy-diff';
import type { RenderOptions } from './commands/deploy-render';
import { type CommonOptions, type Perform, sub, withWorkspace } from './program-parts';

type Source = CommonOptions & { dir?: string; composeFile?: string; productionEnvFile?: string };

const load = () => import('./commands/deploy');

/** The commands under `cutover deploy`. */
export function addDeploy(program: Command, perform: Perform): void {
  const deploy = sub(program, 'deploy', 'releases of the application on its Docker host', [
    'cutover deploy render --values release.env --set APP_VERSION=1.4.2',
    'cutover deploy preflight                is the host ready',
    'cutover deploy plan --dir ./release     what a release would change',
    'cutover deploy apply --dir ./release --probe https://shop.example.com/health',
    'cutover deploy status',
    'cutover deploy rollback 20260102T030405Z-1a2b',
  ]);
  withWorkspace(
    sub(deploy, 'render', 'write the Compose file and the environment file of a release', [
      'cutover deploy render --values release.env --set APP_VERSION=1.4.2 --out ./release',
      'cutover deploy render --from ./my-app --values release.env --json',
    ]),
  )
    .option(
      '--from <dir>',
      'folder with docker-compose.prod.yml and .env.production.example; default: those that ship',
    )
    .option('--values <file>', 'file with values, in the form of .env; they beat the workspace')
    .option('--set <name=value...>', 'a value that is no secret; beats the file')
    .option('--keep', 'values of the files written there before fill what is left')
    .option('--out <dir>', 'where to write; default: deploy in the workspace')
    .action((options: CommonOptions & RenderOptions) =>
      perform(options.json === true, async (context) =>
        (await import('./commands/deploy-render')).deployRender(context, options),
      ),
    );
  sub(
    deploy,
    'diff',
    'show what becomes of the application’s repository; write it on a branch when one is named',
    [
      'cutover deploy diff --repo ./my-app --summary',
      'cutover deploy diff --repo ./my-app --branch cutover/supabase',
    ],
  )
    .requiredOption(
      '--repo <dir>',
      'checkout of the application; its last commit is read, nothing in it changes',
    )
    .option('--branch <name>', 'writes the changes as one commit on this new branch')
    .option('--summary', 'files, routes and open points without the differences')
    .option('--json', 'print JSON on stdout')
    .action((options: CommonOptions & DiffOptions) =>
      perform(options.json === true, async (context) =>
        (await import('./commands/deploy-diff')).deployDiff(context, options),
      ),
    );
  const withSource = (command: Command): Command =>
    withWorkspace(command)
      .option('--dir <dir>', 'folder of the compose file and what it names; default: deploy in the workspace')
      .option('--compose-file <name>', 'in that folder; default docker-compose.prod.yml')
      .option('--production-env-file <name>', 'variables of the compose file; default .env.production');

  withSource(
    sub(deploy, 'preflight', 'look whether the host is ready for a release; changes nothing', [
      'cutover deploy preflight --dir ./release',
    ]),
  ).action((options: Source) =>
    perform(options.json === true, async (context) => (await load()).preflight(context, options)),
  );
  withSource(
    sub(deploy, 'plan', 'show what a release would change; changes nothing', [
      'cutover deploy plan --dir ./release --json',
    ]),
  ).action((options: Source) =>
    perform(options.json === true, async (context) => (await load()).plan(context, options)),
  );
  withSource(
    sub(deploy, 'apply', 'release: no request is dropped, and a release that fails is taken back', [
      'cutover deploy apply --yes --probe https://shop.example.com/health',
      'cutover deploy apply --migrate "backend: alembic upgrade head"',
    ]),
  )
    .addOption(
      new Option('--probe <url>', 'public address that must answer afterwards; may be repeated')
        .argParser(collect)
        .default([]),
    )
    .addOption(
      new Option(
        '--migrate <service: command>',
        'run once in the new image before the services change',
      ).argParser(parseMigration),
    )
    .addOption(
      new Option('--limit <seconds>', 'for all services to become healthy')
        .argParser(parseCount(10, 3600))
        .default(600),
    )
    .option('--prune', 'remove services that the compose file no longer has')
    .option('--without-swarm', 'by Compose alone: requests fail while containers are replaced')
    .option('-y, --yes', 'do not ask; needed without a terminal')
    .action((options: Source & ApplyCommandOptions) =>
      perform(options.json === true, async (context) => (await load()).apply(context, options)),
    );
  withWorkspace(sub(deploy, 'status', 'services and kept releases', ['cutover deploy status --json'])).action(
    (options: CommonOptions) =>
      perform(options.json === true, async (context) => (await load()).status(context, options)),
  );
  withWorkspace(
    sub(deploy, 'use', 'processors and memory that each container takes', ['cutover deploy use --follow']),
  )
    .option('-f, --follow', 'measure again and again')
    .action((options: CommonOptions & { follow?: boolean }) =>
      perform(options.json === true, async (context) => (await load()).use(context, options)),
    );
  withWorkspace(
    sub(deploy, 'logs', 'what services print', ['cutover deploy logs backend worker --follow --tail 20']),
  )
    .argument('[services...]', 'names; default: all of the stack')
    .addOption(
      new Option('--tail <lines>', 'of each service’s past').argParser(parseCount(0, 5000)).default(100),
    )
    .option('-f, --follow', 'go on with what comes')
    .option('--search <text>', 'only lines that hold it, in any letter case')
    .action((services: string[], options: CommonOptions & LogsCommandOptions) =>
      perform(options.json === true, async (context) => (await load()).logs(context, services, options)),
    );
  withWorkspace(sub(deploy, 'rollback', 'make a kept release serve again', ['cutover deploy rollback --yes']))
    .argument('[release]', 'id; default: the one before the live one')
    .option('-y, --yes', 'do not ask; needed without a terminal')
    .action((release: string | undefined, options: CommonOptions & { yes?: boolean }) =>
      perform(options.json === true, async (context) => (await load()).rollback(context, release, options)),
    );
  withWorkspace(sub(deploy, 'scale', 'set how many of a service run', ['cutover deploy scale backend 3']))
    .argument('<service>', 'name')
    .argument('<replicas>', 'how many', parseCount(0, 100))
    .option('-y, --yes', 'do not ask; needed without a terminal')
    .action((service: string, replicas: number, options: CommonOptions & { yes?: boolean }) =>
      perform(options.json === true, async (context) =>
        (await load()).scale(context, service, replicas, options),
      ),
    );
  withWorkspace(
    sub(deploy, 'drain', 'let a service end what it does, and start nothing new', [
      'cutover deploy drain worker',
    ]),
  )
    .argument('<service>', 'name')
    .option('-y, --yes', 'do not ask; needed without a terminal')
    .action((service: string, options: CommonOptions & { yes?: boolean }) =>
      perform(options.json === true, async (context) => (await load()).drain(context, service, options)),
    );
  withWorkspace(
    sub(deploy, 'restart', 'replace a service’s containers one by one', ['cutover deploy restart worker']),
  )
    .argument('<service>', 'name')
    .option('-y, --yes', 'do not ask; needed without a terminal')
    .action((service: string, options: CommonOptions & { yes?: boolean }) =>
      perform(options.json === true, async (context) => (await load()).restart(context, service, options)),
    );
  withWorkspace(
    sub(deploy, 'init-swarm', 'make the host the manager of a swarm of its own', [
      'cutover deploy init-swarm',
    ]),
  )
    .option('-y, --yes', 'do not ask; needed without a terminal')
    .action((options: CommonOptions & { yes?: boolean }) =>
      perform(options.json === true, async (context) => (await load()).initSwarm(context, options)),
    );
  addEasypanel(deploy, perform);
}

/** The commands under `cutover deploy easypanel`. */
function addEasypanel(deploy: Command, perform: Perform): void {
  const panel = sub(deploy, 'easypanel', 'services of Easypanel itself, through its API over SSH', [
    'cutover deploy easypanel list',
    'cutover deploy easypanel deploy shop/web ghcr.io/acme/web:1.4.2',
  ]);
  const loadPanel = () => import('./commands/easypanel');
  withWorkspace(
    sub(panel, 'list', 'projects, services, domains, and what can’t be done with them', [
      'cutover deploy easypanel list --json',
    ]),
  ).action((options: CommonOptions) =>
    perform(options.json === true, async (context) => (await loadPanel()).list(context, options)),
  );
  withWorkspace(
    sub(panel, 'set-env', 'make a file the environment of a service', [
      'cutover deploy easypanel set-env shop/web --file ./release/.env.production',
    ]),
  )
    .argument('<project/service>', 'names', parsePanelService)
    .option('--file <file>', 'environment file; default: that of the release in the workspace')
    .option('-y, --yes', 'do not ask; needed without a terminal')
    .action((target: PanelServiceId, options: CommonOptions & { file?: string; yes?: boolean }) =>
      perform(options.json === true, async (context) =>
        (await loadPanel()).setEnvironment(context, target, options),
      ),
    );
  withWorkspace(
    sub(panel, 'add-domain', 'lead a domain to a service', [
      'cutover deploy easypanel add-domain shop/web shop.example.com 3000',
    ]),
  )
    .argument('<project/service>', 'names', parsePanelService)
    .argument('<domain>', 'host name')
    .argument('<port>', 'on which the service listens', parseCount(1, 65_535))
    .option('--service <name>', 'of a Compose service: which of its services answers')
    .option('--http', 'without a certificate')
    .option('-y, --yes', 'do not ask; needed without a terminal')
    .action(
      (
        target: PanelServiceId,
        host: string,
        port: number,
        options: CommonOptions & { service?: string; http?: boolean; yes?: boolean },
      ) =>
        perform(options.json === true, async (context) =>
          (await loadPanel()).addDomain(context, target, { host, port }, options),
        ),
    );
  withWorkspace(
    sub(panel, 'deploy', 'deploy an image as an App service, without a gap', [
      'cutover deploy easypanel deploy shop/web ghcr.io/acme/web:1.4.2',
    ]),
  )
    .argument('<project/service>', 'names', parsePanelService)
    .argument('<image>', 'with a tag of its own or a digest')
    .addOption(
      new Option('--limit <seconds>', 'for its containers to become healthy')
        .argParser(parseCount(10, 3600))
        .default(600),
    )
    .option('-y, --yes', 'do not ask; needed without a terminal')
    .action(
      (target: PanelServiceId, image: string, options: CommonOptions & { limit: number; yes?: boolean }) =>
        perform(options.json === true, async (context) =>
          (await loadPanel()).deployApp(context, target, image, options),
        ),
    );
}

function parsePanelService(text: string): PanelServiceId {
  const [project, service, ...rest] = text.split('/');
  const parsed = panelServiceIdSchema.safeParse({ project, service });
  if (!parsed.success || rest.length > 0)
    throw new InvalidArgumentError('Give it as project/service, such as shop/web.');
  return parsed.data;
}

function collect(value: string, before: string[]): string[] {
  if (!URL.canParse(value)) throw new InvalidArgumentError('It is not a URL.');
  return [...before, value];
}

function parseMigration(text: string): { service: string; command: string[] } {
  const [, service, command] = /^([\w-]+):\s*(\S.*)$/.exec(text) ?? [];
  if (service === undefined || command === undefined) {
    throw new InvalidArgumentError('Give it as "service: command", such as "backend: alembic upgrade head".');
  }
  return { service, command: command.trim().split(/\s+/) };
}

function parseCount(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,6}$/.test(text) ? Number(text) : -1;
    if (value < least || value > most)
      throw new InvalidArgumentError(`Give a number from ${least} to ${most}.`);
    return value;
  };
}
