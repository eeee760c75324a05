import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { toAppError } from '#shared/model/errors';
import { actionOf, type ApplicationChanges } from './changes';
import { mainFile } from './main-file';
import { type ApplicationTemplates, planChanges, readApplicationTemplates } from './plan-changes';
import { rewritePython } from './python-imports';
import { readPython } from './python-source';
import { readRepository, type Repository, writeBranch } from './repository';
import { mergeRequirements } from './requirements';

const root = path.resolve(import.meta.dirname, '../../../../..');
const never = new AbortController().signal;
let folder: string;
let repository: Repository;
let templates: ApplicationTemplates;
let changes: ApplicationChanges;

const git = async (...args: string[]): Promise<string> =>
  (await promisify(execFile)('git', ['-C', folder, ...args])).stdout;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cutover-application-'));
  await cp(path.join(root, 'examples/legacy-shop'), folder, { recursive: true });
  await git('init', '-q', '-b', 'main');
  await git('add', '-A');
  await git('-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', 'commit', '-qm', 'The shop');
  repository = await readRepository(folder, never);
  templates = await readApplicationTemplates(root);
  changes = planChanges(repository.files, templates);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const rewrite = (text: string) => rewritePython('backend/routers/a.py', readPython(text));
const fileAfter = (name: string): string | undefined =>
  changes.files.find((file) => file.path === name)?.after;

describe('the sample application', () => {
  test('loses its own login and MinIO, gains the templates, and keeps the rest', () => {
    const actions = new Map(changes.files.map((file) => [file.path, actionOf(file)]));
    expect([...actions].filter(([, action]) => action === 'remove').map(([name]) => name)).toEqual([
      'backend/auth.py',
      'backend/minio_service.py',
    ]);
    for (const name of [
      'backend/supabase_auth.py',
      'frontend/src/lib/supabase.ts',
      'docker-compose.prod.yml',
    ])
      expect(actions.get(name)).toBe('add');
    for (const name of [
      'backend/routers/orders.py',
      'frontend/src/app/login/page.tsx',
      'backend/tests/test_orders.py',
    ])
      expect(actions.get(name)).toBe('change');
    for (const name of [
      'backend/models.py',
      'frontend/src/app/orders/page.tsx',
      'docker-compose.yml',
      'README.md',
    ])
      expect(actions.has(name)).toBe(false);
    expect(changes.files.every(({ reasons }) => reasons.length > 0)).toBe(true);
    expect(changes.open.map(({ path: file }) => file)).toEqual(['frontend/package-lock.json']);
  });

  test('has fourteen routes that depend on the old login or storage', () => {
    expect(changes.routes).toHaveLength(14);
    expect(changes.routes).toContainEqual({
      method: 'PUT',
      path: '/profile/avatar',
      handler: 'avatar',
      file: 'backend/routers/profile.py',
      line: 17,
      needs: ['login', 'storage'],
    });
  });

  test('no file of the result needs what was removed', () => {
    const tree = new Map(repository.files);
    for (const { path: name, after } of changes.files) {
      if (after === undefined) tree.delete(name);
      else tree.set(name, after);
    }
    const python = [...tree].filter(([name]) => name.endsWith('.py'));
    const modules = python.flatMap(([, text]) => readPython(text).imports.map(({ module }) => module));
    expect(modules).not.toContain('auth');
    expect(modules).not.toContain('minio_service');
    expect(modules).not.toContain('minio');
    expect(fileAfter('backend/requirements.txt')).toContain('\npython-slugify==8.0.4\n');
    expect(fileAfter('backend/requirements.txt')).not.toMatch(/^(?:minio|bcrypt)/m);
    // A second look finds nothing left to do but what a person has to.
    const again = planChanges(tree, templates);
    expect(again.files.filter(({ path: name }) => name !== 'backend/main.py')).toEqual([]);
  });

  test('Alembic is to connect as the application does', () => {
    const file = 'backend/alembic/env.py';
    const asksFor = (text: string) =>
      planChanges(new Map([...repository.files, [file, text]]), templates).open.some(
        ({ path: name }) => name === file,
      );
    expect(asksFor('from alembic import context\nengine = engine_from_config({})\n')).toBe(true);
    expect(asksFor('from alembic import context\nfrom database import get_engine\n')).toBe(false);
  });

  test('is written on a new branch only, beside a working tree that stays as it is', async () => {
    await writeFile(path.join(folder, 'README.md'), 'Not committed yet.\n');
    const commit = await writeBranch(repository, 'cutover/supabase', changes.files, never);
    expect(await git('branch', '--show-current')).toBe('main\n');
    expect(await git('status', '--porcelain')).toBe(' M README.md\n');
    expect((await git('rev-parse', 'cutover/supabase^')).trim()).toBe(repository.head);
    const listed = (await git('diff', '--name-only', '--no-renames', 'main', commit)).trim().split('\n');
    expect(listed.sort()).toEqual(changes.files.map(({ path: name }) => name).sort());
    expect(await git('show', `${commit}:backend/main.py`)).toBe(fileAfter('backend/main.py'));
    const taken = await writeBranch(repository, 'cutover/supabase', [], never).catch(toAppError);
    expect(taken).toMatchObject({ code: 'INVALID_INPUT' });
    const misnamed = await writeBranch(repository, '--force', [], never).catch(toAppError);
    expect(misnamed).toMatchObject({ code: 'INVALID_INPUT' });
    expect((await readRepository(folder, never)).dirty).toBe(true);
  });
});

test('a folder without an application or without git is refused', async () => {
  expect(() => planChanges(new Map([['README.md', '']]), templates)).toThrow(/no application/);
  const empty = await mkdtemp(path.join(tmpdir(), 'cutover-no-repository-'));
  await expect(readRepository(empty, never)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  await rm(empty, { recursive: true });
});

describe('what a person has to decide is named with its line', () => {
  test('fields of the old user, helpers and clients that are gone', () => {
    const { text, open } = rewrite(`from auth import get_current_active_user as me, hash_password
from minio_service import minio_service

@router.get("/x")
def x(user: User = Depends(me)):
    minio_service.client.list_buckets()
    return user.full_name if user.role == "admin" else user.id
`);
    expect(text).toContain('from supabase_auth import get_current_user as me\n');
    expect(text).toContain('get_storage_service().client.list_buckets()');
    expect(open.map(({ line, what }) => [line, what.split(/[ ;]/)[0]])).toEqual([
      [1, 'hash_password'],
      [7, 'The'],
      [7, 'user.role'],
      [6, 'storage_service.py'],
    ]);
  });

  test('a class of the storage keeps the file running', () => {
    const { open } = rewrite('from minio_service import MinioService\n\nstore = MinioService()\n');
    expect(open).toHaveLength(1);
  });

  test('what the old main.py did besides', async () => {
    const template = await readFile(path.join(root, 'resources/templates/backend/main.py'), 'utf8');
    const { text, open } = mainFile(
      'main.py',
      `"""Shop."""
import sentry_sdk
from fastapi import FastAPI
from routers.orders import router as orders_router
sentry_sdk.init()
app = FastAPI()
app.include_router(orders_router, prefix="/v2")

@app.on_event("startup")
def start():
    minio_service.ensure_bucket()
    warm_caches()
`,
      template,
    );
    expect(text).toContain('\nfrom routers.orders import router as orders_router\n');
    expect(text).toContain('    app.include_router(orders_router, prefix="/v2")\n    return app\n');
    expect(open.map(({ line }) => line)).toEqual([5, 9]);
  });
});

test('names in strings, comments and keyword arguments stay', () => {
  const { text } = rewrite(`from minio_service import (  # files
    minio_service,
)
x = f(minio_service=1, y="minio_service")  # minio_service
minio_service.delete_file("a")
`);
  expect(text).toBe(`from storage_service import get_storage_service
x = f(minio_service=1, y="minio_service")  # minio_service
get_storage_service().delete_file("a")
`);
});

test('a file that needs nothing of the old is left as it is, whatever it holds', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.string(), fc.constantFrom('import x\n', '"""', '(', '@a.get("', '\n'))),
      (parts) => {
        const text = parts.join('');
        expect(rewrite(text).text).toBe(text);
      },
    ),
  );
});

test('requirements: pinned ones win, retired ones go unless they are imported', () => {
  const own =
    'Python_Jose[cryptography]==3.3\nFastAPI>=0.1\npasslib==1.7  # hashes\nslugify==1\n-r more.txt\n';
  expect(mergeRequirements(own, 'fastapi==1\n', new Set(['passlib']))).toBe(
    "fastapi==1\n# The application's own\npasslib==1.7  # hashes\nslugify==1\n-r more.txt\n",
  );
  expect(mergeRequirements('', 'fastapi==1\n', new Set())).toBe('fastapi==1\n');
});
