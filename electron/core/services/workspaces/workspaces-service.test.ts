import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { toAppError } from '#shared/model/errors';
import { jsonFile } from './json-file';
import { createWorkspacesService, type WorkspacesOptions } from './workspaces-service';

let dataDir = '';
beforeEach(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), 'cutover-workspaces-'));
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

const service = (options: Partial<WorkspacesOptions> = {}) =>
  createWorkspacesService({ dataDir, env: {}, envFileVariables: {}, broker: undefined, ...options });
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'none',
    (error: unknown) => toAppError(error).code,
  );

describe('workspaces', () => {
  test('none is open at first, and what needs one says so', async () => {
    const workspaces = service();
    expect(await workspaces.current()).toBeNull();
    expect(() => workspaces.opened()).toThrow('No workspace is open.');
  });

  test('a created workspace opens again, and the list has the last opened first', async () => {
    const workspaces = service();
    const first = await workspaces.create({ name: 'First shop' });
    const second = await workspaces.create({ name: 'Second', path: path.join(dataDir, 'second') });
    expect(path.basename(first.path)).toMatch(/^first-shop-[0-9a-f]{6}$/);
    expect(first).toMatchObject({ name: 'First shop', practice: false });
    expect((await workspaces.list()).map(({ path, open }) => [path, open])).toEqual([
      [second.path, true],
      [first.path, false],
    ]);
    expect(await service().open(first.path)).toMatchObject({ name: 'First shop' });
    expect(await codeOf(workspaces.create({ name: 'Again', path: second.path }))).toBe('WORKSPACE_EXISTS');
  });

  test('the list leaves out practice workspaces and those that are gone', async () => {
    const workspaces = service();
    const gone = await workspaces.create({ name: 'Gone' });
    await workspaces.create({ name: 'Practice', practice: true });
    expect((await workspaces.list()).map(({ name }) => name)).toEqual(['Practice', 'Gone']);
    await rm(gone.path, { recursive: true });
    expect(await service().list()).toEqual([]);
  });

  test('a wrong folder or a damaged file leaves the open workspace open', async () => {
    const workspaces = service();
    const good = await workspaces.create({ name: 'Good' });
    expect(await codeOf(workspaces.open(path.join(dataDir, 'nowhere')))).toBe('WORKSPACE_NOT_FOUND');
    const bad = path.join(dataDir, 'bad');
    await mkdir(bad);
    for (const text of [
      '{',
      '[]',
      '{"version":9,"name":"x","values":{}}',
      '{"version":1,"name":"x","values":{"NOPE":"1"}}',
    ]) {
      await writeFile(path.join(bad, 'workspace.json'), text);
      expect(await codeOf(workspaces.open(bad))).toBe('WORKSPACE_UNREADABLE');
    }
    expect((await workspaces.current())?.path).toBe(good.path);
  });

  test('openOrCreate makes a workspace of an absent or empty folder, and of no other', async () => {
    const folder = path.join(dataDir, 'my-app');
    expect(await service().openOrCreate(folder)).toMatchObject({ name: 'my-app' });
    expect(await service().openOrCreate(folder)).toMatchObject({ name: 'my-app' });
    const full = path.join(dataDir, 'documents');
    await mkdir(full);
    await writeFile(path.join(full, 'letter.txt'), 'x');
    expect(await codeOf(service().openOrCreate(full))).toBe('WORKSPACE_NOT_FOUND');
    expect(await readdir(full)).toEqual(['letter.txt']);
  });

  test('a secret never gets into workspace.json, and a file that holds one is refused', async () => {
    const workspaces = service();
    const { path: folder } = await workspaces.create({ name: 'Shop' });
    await workspaces.unlock('correct horse battery');
    await workspaces.updateSettings({
      SUPABASE_SECRET_KEY: 'planted-secret',
      SUPABASE_URL: 'https://a.supabase.co',
    });
    const file = path.join(folder, 'workspace.json');
    expect(await readFile(file, 'utf8')).not.toContain('planted-secret');
    const settings = await workspaces.opened().settings();
    expect(settings.get('SUPABASE_SECRET_KEY')).toBe('planted-secret');
    expect(settings.get('SUPABASE_URL')).toBe('https://a.supabase.co');
    await writeFile(file, '{"version":1,"name":"x","values":{"SUPABASE_SECRET_KEY":"planted-secret"}}');
    const error = toAppError(await workspaces.current().catch((reason: unknown) => reason));
    expect(error.code).toBe('WORKSPACE_UNREADABLE');
    expect(JSON.stringify(error.toShape())).not.toContain('planted-secret');
  });

  test('environment beats env file beats workspace', async () => {
    const made = service();
    const { path: folder } = await made.create({ name: 'Shop' });
    await made.updateSettings({
      SUPABASE_URL: 'https://w.example',
      R2_PUBLIC_URL: 'https://w.example',
      R2_BUCKET_PREFIX: 'w-',
    });
    const layered = service({
      env: { SUPABASE_URL: 'https://e.example' },
      envFileVariables: { SUPABASE_URL: 'https://f.example', R2_PUBLIC_URL: 'https://f.example' },
    });
    await layered.open(folder);
    const settings = await layered.opened().settings();
    expect(settings.get('SUPABASE_URL')).toBe('https://e.example');
    expect(settings.get('R2_PUBLIC_URL')).toBe('https://f.example');
    expect(settings.get('R2_BUCKET_PREFIX')).toBe('w-');
  });

  test('a secret that was replaced is still redacted', async () => {
    const workspaces = service();
    await workspaces.create({ name: 'Shop' });
    await workspaces.unlock('correct horse battery');
    await workspaces.updateSettings({ SUPABASE_SECRET_KEY: 'the-first-secret' });
    await workspaces.opened().settings();
    await workspaces.updateSettings({ SUPABASE_SECRET_KEY: 'the-second-secret' });
    const settings = await workspaces.opened().settings();
    expect(settings.redact('the-first-secret the-second-secret')).toBe('••• •••');
  });
});

describe('jsonFile', () => {
  const counts = z.record(z.string(), z.number());

  test('no change is lost when many writers change one file', async () => {
    const file = path.join(dataDir, 'counts.json');
    const writers = Array.from({ length: 8 }, () => jsonFile(file, counts));
    await Promise.all(
      writers.flatMap((writer, index) =>
        Array.from({ length: 5 }, () =>
          writer.update((current) => ({
            ...current,
            [`w${index}`]: (current?.[`w${index}`] ?? 0) + 1,
            all: (current?.all ?? 0) + 1,
          })),
        ),
      ),
    );
    expect(await jsonFile(file, counts).read()).toMatchObject({ all: 40, w0: 5, w7: 5 });
    expect(await readdir(dataDir)).toEqual(['counts.json']);
  });

  test('a lock that a dead process left does not block for ever', async () => {
    const file = path.join(dataDir, 'counts.json');
    await writeFile(`${file}.lock`, '');
    const long = new Date(Date.now() - 60_000);
    await utimes(`${file}.lock`, long, long);
    await jsonFile(file, counts).update(() => ({ a: 1 }));
    expect(await jsonFile(file, counts).read()).toEqual({ a: 1 });
  });
});
