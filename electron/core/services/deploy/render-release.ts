import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parse as parseEnv } from 'dotenv';
import type { RenderedVariable } from '#shared/model/deploy';
import { AppError } from '#shared/model/errors';
import { checkCompose, fillCompose } from './compose-file';
import { decodeValue, writeEnvFile } from './env-file';
import { readEnvTemplate, type TemplateVariable } from './env-template';
import { fillValues, missingOf, type ReleaseValue, requireValues, type ValueSources } from './release-values';

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
  variables: RenderedVariable[];
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

/** The values of the files that were rendered into a folder before; none where there are no such files. */
export async function renderedValues(folder: string): Promise<Map<string, string>> {
  const text = await readFile(path.join(folder, envFileName), 'utf8').catch(() => '');
  return new Map(Object.entries(parseEnv(text)).map(([name, written]) => [name, decodeValue(written)]));
}

/**
 * Fills the templates and checks what comes of it; writes nothing. Throws `SETTING_MISSING` naming every missing value,
 * `SETTING_INVALID` and `INVALID_INPUT`. No error holds a value.
 */
export function renderRelease(templates: ReleaseTemplates, sources: ValueSources): RenderedRelease {
  const variables = readEnvTemplate(templates.environment);
  const values = fillValues(variables, sources);
  requireValues(variables, values);
  return rendered(templates, variables, values);
}

/** What {@link renderRelease} would make; while values are missing only where the others come from. Throws like it. */
export function previewRelease(
  templates: ReleaseTemplates,
  sources: ValueSources,
): { variables: RenderedVariable[]; compose?: string } {
  const variables = readEnvTemplate(templates.environment);
  const values = fillValues(variables, sources);
  if (missingOf(variables, values).length > 0) return { variables: shownOf(variables, values) };
  const { compose, variables: shown } = rendered(templates, variables, values);
  return { variables: shown, compose };
}

function rendered(
  templates: ReleaseTemplates,
  variables: readonly TemplateVariable[],
  values: ReadonlyMap<string, ReleaseValue>,
): RenderedRelease {
  const texts = new Map([...values].map(([name, { value }]) => [name, value] as const));
  const secrets = variables.filter(({ secret }) => secret).map(({ name }) => name);
  const compose = fillCompose(
    templates.compose,
    new Map([...texts].filter(([name]) => !secrets.includes(name))),
  );
  checkCompose(
    compose,
    secrets.flatMap((name) => texts.get(name) ?? []),
  );
  return { compose, environment: writeEnvFile(variables, texts), variables: shownOf(variables, values) };
}

const shownOf = (
  variables: readonly TemplateVariable[],
  values: ReadonlyMap<string, ReleaseValue>,
): RenderedVariable[] =>
  variables.map(({ name, group, explanation, secret, optional }) => ({
    name,
    group,
    explanation,
    secret,
    optional,
    origin: values.get(name)?.origin ?? 'empty',
  }));

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
