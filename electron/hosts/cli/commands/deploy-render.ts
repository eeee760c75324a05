import path from 'node:path';
import { AppError } from '#shared/model/errors';
import { readEnvFile } from '../../../core/services/settings/variables';
import {
  readTemplates,
  renderedValues,
  renderRelease,
  writeRelease,
} from '../../../core/services/deploy/render-release';
import { readEnvTemplate } from '../../../core/services/deploy/env-template';
import type { CommandContext } from '../context';
import { type ExitCode, exitCodes } from '../exit-codes';
import { type SessionOptions, withSession } from '../session';
import { table } from '../text';

export interface RenderOptions {
  from?: string;
  out?: string;
  values?: string;
  set?: string[];
  keep?: boolean;
}

/** Writes the Compose file and the environment file of a release. */
export function deployRender(
  context: CommandContext,
  options: SessionOptions & RenderOptions,
): Promise<ExitCode> {
  const { output, installation } = context;
  return withSession(context, options, { secrets: 'ask' }, async ({ core }) => {
    const workspace = core.workspaces.opened();
    const templates = await readTemplates(path.resolve(options.from ?? installation.root));
    const secret = new Set(
      readEnvTemplate(templates.environment).flatMap((variable) => (variable.secret ? [variable.name] : [])),
    );
    const given = new Map([
      ...Object.entries(options.values === undefined ? {} : await readEnvFile(options.values)),
      ...(options.set ?? []).map((pair) => assignment(pair, secret)),
    ]);
    const folder = path.resolve(options.out ?? path.join(workspace.folder, 'deploy'));
    const release = renderRelease(templates, {
      given,
      settings: await workspace.settings(),
      previous: options.keep === true ? await renderedValues(folder) : undefined,
    });
    const files = await writeRelease(folder, release);
    await output.document({ files, variables: release.variables });
    const rows = release.variables.map(({ name, secret, origin }) => [name, secret ? 'secret' : '', origin]);
    for (const line of table([['variable', '', 'value from'], ...rows])) output.line(line);
    output.line();
    output.line(files.compose);
    output.line(`${files.environment} (mode 600, holds the secrets)`);
    return exitCodes.done;
  });
}

/** Command lines are visible to every user of the machine, so a secret is refused there. */
function assignment(pair: string, secret: ReadonlySet<string>): [string, string] {
  const [, name, value] = /^([A-Z][A-Z0-9_]*)=(.*)$/s.exec(pair) ?? [];
  if (name === undefined || value === undefined) {
    throw new AppError('INVALID_INPUT', '--set wants NAME=VALUE.', {
      hint: 'For example --set APP_VERSION=1.4.2.',
    });
  }
  if (secret.has(name)) {
    throw new AppError('INVALID_INPUT', `${name} is a secret and can’t be given on the command line.`, {
      hint: 'Put it into a file of mode 600 and name that with --values.',
    });
  }
  return [name, value];
}
