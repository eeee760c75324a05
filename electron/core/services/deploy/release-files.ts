import path from 'node:path';
import type { RenderInput } from '#shared/contract/deploy';
import type { ReleasePreview } from '#shared/model/deploy';
import type { Settings } from '../../ports/settings';
import { readEnvFile } from '../settings/variables';
import { previewRelease, readTemplates, renderedValues, renderRelease, writeRelease } from './render-release';
import type { ValueSources } from './release-values';
import { templatesRoot } from './templates-root';

/** The files of a release as they would stand in the folder; writes nothing. Throws `INVALID_INPUT` and `SETTING_INVALID`. */
export async function previewReleaseFiles(
  input: RenderInput,
  folder: string,
  settings: Settings,
): Promise<ReleasePreview> {
  const { templates, sources } = await read(input, folder, settings);
  return { folder, ...previewRelease(templates, sources) };
}

/** Writes them. Throws `SETTING_MISSING`, `INVALID_INPUT` and `SETTING_INVALID`, all before anything is written. */
export async function writeReleaseFiles(
  input: RenderInput,
  folder: string,
  settings: Settings,
): Promise<ReleasePreview> {
  const { templates, sources } = await read(input, folder, settings);
  const { compose, environment, variables } = renderRelease(templates, sources);
  await writeRelease(folder, { compose, environment, variables });
  return { folder, variables, compose };
}

async function read({ from, values, given, keep }: RenderInput, folder: string, settings: Settings) {
  const templates = await readTemplates(from === undefined ? templatesRoot() : path.resolve(from));
  const file = values === undefined ? {} : await readEnvFile(path.resolve(values));
  const sources: ValueSources = {
    given: new Map(Object.entries({ ...file, ...given })),
    settings,
    previous: keep ? await renderedValues(folder) : undefined,
  };
  return { templates, sources };
}
