import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { decodeValue } from '#core/services/deploy/env-file';
import { readTemplates, renderRelease, writeRelease } from '#core/services/deploy/render-release';
import { vaultLocked } from '#core/services/secrets/store-errors';
import { createSettings } from '#core/services/settings/settings';
import { runInProcess } from '../integration/cli-from-source';
import { generatedValues, releaseValues, workspaceValues } from '../support/release-samples';
import { run } from './support/program';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cutover-release-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** A file of values for the command to read. */
const envFile = async (name: string, values: Record<string, string>): Promise<string> => {
  const file = path.join(folder, name);
  const lines = Object.entries(values).map(([key, value]) => `${key}='${value}'`);
  await writeFile(file, `${lines.join('\n')}\n`, { mode: 0o600 });
  return file;
};

const render = async (out: string, args: readonly string[]) =>
  runInProcess(
    [
      'deploy',
      'render',
      '--workspace',
      path.join(folder, 'workspace'),
      '--out',
      path.join(folder, out),
      ...args,
    ],
    { ...workspaceValues, CUTOVER_HOME: folder },
  );

const stackSchema = z.object({
  services: z.record(
    z.string(),
    z.looseObject({ environment: z.record(z.string(), z.unknown()).optional(), image: z.string() }),
  ),
});

test('Docker reads 200 rendered releases as they were meant', async () => {
  const templates = await readTemplates(path.resolve(import.meta.dirname, '../..'));
  const settings = createSettings({
    environment: {},
    workspace: workspaceValues,
    locked: [],
    lockedError: vaultLocked,
    secretTexts: [],
  });
  const samples = fc.sample(generatedValues, { numRuns: 200, seed: 20260101 });
  const check = async (sample: Record<string, string>, index: number): Promise<void> => {
    const given = new Map(Object.entries({ ...releaseValues, ...sample }));
    const files = await writeRelease(
      path.join(folder, `release-${index}`),
      renderRelease(templates, { given, settings }),
    );
    const { services } = stackSchema.parse(
      parse(await run('docker', ['stack', 'config', '-c', files.compose])),
    );
    expect(Object.keys(services).sort()).toEqual(['backend', 'beat', 'frontend', 'redis', 'worker']);
    for (const name of ['backend', 'worker', 'beat']) {
      const { environment = {} } = services[name] ?? {};
      for (const [variable, value] of Object.entries(sample))
        expect(decodeValue(String(environment[variable]))).toBe(value);
    }
    expect(Object.keys(services['frontend']?.environment ?? {})).not.toContain('DATABASE_URL');
  };
  const queue = samples.map((sample, index) => ({ sample, index }));
  await Promise.all(
    [1, 2, 3].map(async () => {
      for (let next = queue.pop(); next !== undefined; next = queue.pop())
        await check(next.sample, next.index);
    }),
  );
});

test('the command shows no secret, names what is missing and takes no secret as an argument', async () => {
  const secret = 'old-secret-of-more-than-thirty-two-bytes';
  const values = await envFile('values.env', { ...releaseValues, OLD_JWT_SECRET: secret });
  const done = await render('release', ['--values', values, '--set', 'APP_VERSION=2.0.0', '--json']);
  expect(done.code).toBe(0);
  for (const hidden of [secret, workspaceValues.R2_SECRET_ACCESS_KEY, workspaceValues.SUPABASE_DB_URL])
    expect(done.stdout + done.stderr).not.toContain(hidden);
  const { files } = z
    .object({ files: z.object({ compose: z.string(), environment: z.string() }) })
    .parse(JSON.parse(done.stdout));
  expect((await stat(files.environment)).mode & 0o777).toBe(0o600);
  expect(await readFile(files.environment, 'utf8')).toContain(`OLD_JWT_SECRET=${secret}\n`);
  expect(await readFile(files.compose, 'utf8')).toContain("app.version: '2.0.0'");

  const missing = await render('none', ['--set', 'APP_VERSION=2.0.0']);
  expect(missing.code).toBe(2);
  expect(missing.stderr).toContain('BACKEND_IMAGE');
  expect(missing.stderr).toContain('R2_BUCKET');
  const exposed = await render('none', ['--values', values, '--set', 'OLD_JWT_SECRET=hunter2-hunter2']);
  expect(exposed.code).toBe(2);
  expect(exposed.stderr).toContain('OLD_JWT_SECRET');
  expect(exposed.stderr).not.toContain('hunter2');
  await expect(stat(path.join(folder, 'none'))).rejects.toThrow();
});
