import type { Command } from 'commander';
import type { RenderOptions } from './commands/deploy-render';
import { type CommonOptions, type Perform, sub, withWorkspace } from './program-parts';

/** `cutover deploy …`. */
export function addDeployCommands(program: Command, perform: Perform): void {
  const deploy = sub(program, 'deploy', 'the application in production', [
    'cutover deploy render --values release.env --set APP_VERSION=1.4.2',
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
    .option('--out <dir>', 'where to write; default: deploy in the workspace')
    .action((options: CommonOptions & RenderOptions) =>
      perform(options.json === true, async (context) =>
        (await import('./commands/deploy-render')).deployRender(context, options),
      ),
    );
}
