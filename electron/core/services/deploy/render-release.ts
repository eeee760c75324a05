import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { AppError } from '#shared/model/errors';
import type { Settings } from '../../ports/settings';
import { checkCompose, fillCompose } from './compose-file';
import { writeEnvFile } from './env-file';
import { readEnvTemplate, type TemplateVariable } from './env-template';
import { collectValues, type ValueOrigin } from './release-values';

export const composeFileName = 'docker-compose.prod.yml';
export const envFileName = '.env.production';
const envTemplateName = '.env.production.example';

/** The two templates as text. */
export interface ReleaseTemplates {
  compose: string;
  environment: string;
}

/** What goes to the host, and what may be shown of it. */
export interface RenderedRelease {
  /** Holds no secret. */
  compose: string;
  /** Holds every secret: for a file of mode 600. */
  environment: string;
  variables: { name: string; group: string; secret: boolean; origin: ValueOrigin }[];
}

/** Reads the templates of an application's folder, or those that ship. Throws `INVALID_INPUT` when one is missing. */
export async function readTemplates(folder: string): Promise<ReleaseTemplates> {
  const read = async (name: string): Promise<string> => {
    try {
      return await readFile(path.join(folder, name), 'utf8');
    } catch {
      throw new AppError('INVALID_INPUT', `There is no readable ${name} in ${folder}.`, {
        hint: 'Name the folder that holds docker-compose.prod.yml and .env.production.example.',
      });
    }
  };
  return { compose: await read(composeFileName), environment: await read(envTemplateName) };
}

/**
 * Fills the templates and checks what comes of it; writes nothing. Throws `SETTING_MISSING` naming every missing value,
 * `SETTING_INVALID` and `INVALID_INPUT`. No error holds a value.
 */
export function renderRelease(
  templates: ReleaseTemplates,
  given: ReadonlyMap<string, string>,
  settings: Settings,
): RenderedRelease {
  const variables = readEnvTemplate(templates.environment);
  const values = collectValues(variables, given, settings);
  const texts = new Map([...values].map(([name, { value }]) => [name, value] as const));
  const isSecret = ({ name, secret }: TemplateVariable): boolean => secret && texts.get(name) !== '';
  const open = new Map([...texts].filter(([name]) => !variables.some((v) => v.name === name && v.secret)));
  const compose = fillCompose(templates.compose, open);
  checkCompose(
    compose,
    variables.filter(isSecret).map(({ name }) => texts.get(name) ?? ''),
  );
  return {
    compose,
    environment: writeEnvFile(variables, texts),
    variables: variables.map(({ name, group, secret }) => ({
      name,
      group,
      secret,
      origin: values.get(name)?.origin ?? 'empty',
    })),
  };
}

/** Writes both files into a folder, the environment file with mode 600, each whole or not at all. Gives their paths. */
export async function writeRelease(
  folder: string,
  release: RenderedRelease,
): Promise<{ compose: string; environment: string }> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const write = async (name: string, text: string, mode: number): Promise<string> => {
    const file = path.join(folder, name);
    const fresh = `${file}.${process.pid}.new`;
    await writeFile(fresh, text, { mode });
    await chmod(fresh, mode);
    await rename(fresh, file);
    return file;
  };
  return {
    compose: await write(composeFileName, release.compose, 0o644),
    environment: await write(envFileName, release.environment, 0o600),
  };
}
