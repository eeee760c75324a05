import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { toAppError } from '#shared/model/errors';
import { vaultLocked } from '../secrets/store-errors';
import { createSettings } from '../settings/settings';
import { decodeValue } from './env-file';
import { readEnvTemplate } from './env-template';
import {
  previewRelease,
  readTemplates,
  renderedValues,
  type ReleaseTemplates,
  renderRelease,
  writeRelease,
} from './render-release';
import { generatedValues, releaseValues, workspaceValues } from '../../../../tests/support/release-samples';

const root = path.resolve(import.meta.dirname, '../../../..');
let templates: ReleaseTemplates;
let folder: string;

beforeAll(async () => {
  templates = await readTemplates(root);
  folder = await mkdtemp(path.join(tmpdir(), 'cutover-render-'));
});
afterAll(() => rm(folder, { recursive: true }));

const settings = (values: Record<string, string> = workspaceValues) =>
  createSettings({
    environment: {},
    workspace: values,
    locked: [],
    lockedError: vaultLocked,
    secretTexts: [],
  });

const given = (changes: Record<string, string> = {}, from = settings()) => ({
  given: new Map(Object.entries({ ...releaseValues, ...changes })),
  settings: from,
});

function failureOf(call: () => unknown) {
  try {
    call();
  } catch (error) {
    return toAppError(error);
  }
  throw new Error('It did not fail.');
}

/** As `docker stack` and `docker run` read it: everything behind the first `=`. */
const readRaw = (text: string): Map<string, string> =>
  new Map(
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const),
  );

describe('the templates that ship', () => {
  test('explain every variable that the Compose file uses, and hold nothing real', () => {
    const variables = readEnvTemplate(templates.environment);
    const names = new Set(variables.map(({ name }) => name));
    const used = [...templates.compose.matchAll(/\$\{([A-Z_]+)/g)].map((match) => match[1]);
    expect(used.filter((name) => name === undefined || !names.has(name))).toEqual([]);
    expect(names.size).toBe(variables.length);
    expect(variables.filter(({ explanation, group }) => explanation === '' || group === '')).toEqual([]);
    expect(variables.filter(({ secret, preset }) => secret && preset !== '')).toEqual([]);
    expect(variables.filter(({ secret }) => secret).map(({ name }) => name)).toEqual([
      'SUPABASE_SECRET_KEY',
      'SUPABASE_JWT_SECRET',
      'OLD_JWT_SECRET',
      'DATABASE_URL',
      'R2_SECRET_ACCESS_KEY',
    ]);
  });

  test('explain every setting of the backend', async () => {
    const python = await readFile(path.join(root, 'resources/templates/backend/settings.py'), 'utf8');
    const fields = [...python.matchAll(/^ {4}([a-z][a-z0-9_]+): /gm)].map((match) => match[1]?.toUpperCase());
    const names = new Set(readEnvTemplate(templates.environment).map(({ name }) => name));
    // The Compose file sets it: the address of its own service.
    expect(fields.filter((name) => name !== 'REDIS_URL' && !names.has(name ?? ''))).toEqual([]);
  });
});

describe('renderRelease', () => {
  test('fills in numbers, images and labels, and names the environment file alone', () => {
    const { compose } = renderRelease(templates, given({ BACKEND_REPLICAS: '3' }));
    expect(compose).not.toContain('${');
    expect(parse(compose)).toMatchObject({
      services: {
        backend: {
          image: `registry.example.com/shop/backend:1.4.2@sha256:${'a'.repeat(64)}`,
          env_file: ['.env.production'],
          deploy: { replicas: 3, update_config: { order: 'start-first', failure_action: 'rollback' } },
        },
        worker: { labels: { 'app.version': '1.4.2' } },
        beat: { deploy: { replicas: 0, update_config: { order: 'stop-first' } } },
      },
    });
  });

  test('names every value that is missing, and no value', () => {
    const few = { ...workspaceValues };
    Reflect.deleteProperty(few, 'R2_SECRET_ACCESS_KEY');
    const error = failureOf(() => renderRelease(templates, given({ APP_VERSION: '' }, settings(few))));
    expect(error.code).toBe('SETTING_MISSING');
    expect(error.message).toContain('APP_VERSION');
    expect(error.message).toContain('R2_SECRET_ACCESS_KEY');
    expect(error.hint).toContain('Its secret.');
    expect(error.message).not.toContain('CORS_ORIGINS');
  });

  test('refuses names that no template has, images that are no release, and secrets outside of their file', () => {
    const refused = (changes: Record<string, string>) =>
      failureOf(() => renderRelease(templates, given(changes))).message;
    expect(refused({ OPENAI_KEY: 'x' })).toContain('OPENAI_KEY');
    for (const image of ['shop/backend', 'shop/backend:latest', 'shop/backend:1 2', '-x:1'])
      expect(refused({ BACKEND_IMAGE: image })).toContain('image of backend');
    expect(refused({ APP_VERSION: workspaceValues.R2_SECRET_ACCESS_KEY })).toBe(
      'A secret stands in the Compose file.',
    );
    expect(refused({ CORS_ORIGINS: 'a\0b' })).toContain('CORS_ORIGINS');
  });

  test('refuses a Compose file that would interrupt, and one that does not name a variable', () => {
    const refused = (compose: string) =>
      failureOf(() => renderRelease({ ...templates, compose }, given())).message;
    const { compose } = templates;
    expect(
      refused(compose.replace('    image: ${FRONTEND', "    ports: ['80:80']\n    image: ${FRONTEND")),
    ).toBe('The service frontend has ports.');
    expect(refused(compose.replaceAll('failure_action: rollback', 'failure_action: continue'))).toContain(
      'failure_action',
    );
    expect(refused(compose.replace('${FRONTEND_REPLICAS:-2}', '${COPIES}'))).toContain('COPIES');
    expect(refused('services: [')).toContain('not valid YAML');
  });

  test('carries every value through 200 combinations, whatever it holds', () => {
    fc.assert(
      fc.property(generatedValues, (changes) => {
        const release = renderRelease(templates, given(changes));
        const read = readRaw(release.environment);
        expect(read.size).toBe(release.variables.length);
        for (const [name, value] of Object.entries(changes)) {
          const written = read.get(name) ?? '';
          expect(decodeValue(written)).toBe(value);
          // What Compose and panels would change: quotes, variables, comments, blanks.
          expect(written).toMatch(/^[^\s"'`$#\\]*$/);
        }
        const services: unknown = parse(release.compose);
        expect(services).toMatchObject({ services: { backend: { environment: { APP_VERSION: '1.4.2' } } } });
        for (const name of ['OLD_JWT_SECRET', 'R2_SECRET_ACCESS_KEY', 'DATABASE_URL']) {
          const secret = changes[name] ?? '';
          if (secret.length >= 8) expect(release.compose).not.toContain(secret);
        }
      }),
      { numRuns: 200 },
    );
  });

  test('previews what is there while values are missing, without a value', () => {
    const { compose, variables } = previewRelease(templates, given({ APP_VERSION: '' }));
    expect(compose).toBeUndefined();
    expect(variables.find(({ name }) => name === 'APP_VERSION')).toMatchObject({
      origin: 'empty',
      optional: false,
      secret: false,
    });
    expect(JSON.stringify(variables)).not.toContain(releaseValues.R2_BUCKET);
  });

  test('writes the environment file for its owner alone, also over an older one', async () => {
    const release = renderRelease(templates, given());
    for (const _ of [1, 2]) {
      const files = await writeRelease(path.join(folder, 'out'), release);
      expect((await stat(files.environment)).mode & 0o777).toBe(0o600);
      expect(await readFile(files.environment, 'utf8')).toBe(release.environment);
      expect(await readFile(files.compose, 'utf8')).toBe(release.compose);
    }
    // What was written fills a later release, below what is given and what the workspace knows.
    const previous = await renderedValues(path.join(folder, 'out'));
    const again = previewRelease(templates, {
      given: new Map([['APP_VERSION', '1.4.3']]),
      settings: settings(),
      previous,
    });
    const origin = (name: string) => again.variables.find((variable) => variable.name === name)?.origin;
    expect(again.compose).toContain("app.version: '1.4.3'");
    expect(['APP_VERSION', 'BACKEND_IMAGE', 'SUPABASE_URL'].map(origin)).toEqual([
      'given',
      'previous',
      'workspace',
    ]);
    expect(await renderedValues(path.join(folder, 'absent'))).toEqual(new Map());
    await expect(readTemplates(folder)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });
});
