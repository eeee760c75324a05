import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type BackendServices, startBackendServices } from './support/backend-services';
import { accepts, freePort, run, startProgram } from './support/program';
import { pythonEnvironment } from './support/python';

const template = join(import.meta.dirname, '../../resources/templates/backend');

let folder: string;
let backend: string;
let bin: string;
let services: BackendServices;
const stops: (() => Promise<void>)[] = [];
let secondStorePort: number;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cutover-backend-template-'));
  stops.push(() => rm(folder, { recursive: true }));
  backend = join(folder, 'backend');
  // A copy: the tools leave caches beside what they read.
  await cp(template, backend, { recursive: true });
  const requirements = ['requirements.txt', 'requirements-dev.txt'].map((name) => join(template, name));
  bin = await pythonEnvironment(requirements);
  const tools = await pythonEnvironment([], ['moto[s3,server]==5.2.5']);
  services = await startBackendServices();
  stops.push(() => services.stop());
  secondStorePort = await freePort();
  const secondStore = await startProgram(
    join(tools, 'moto_server'),
    ['-H', '127.0.0.1', '-p', String(secondStorePort)],
    { ready: () => accepts(secondStorePort) },
  );
  stops.push(() => secondStore.stop());
});

afterAll(async () => {
  for (const stop of stops.reverse()) await stop();
});

/** Runs one of the environment's tools in the copy; the developer's own settings stay outside. */
const tool = (name: string, args: readonly string[], env: Record<string, string> = {}): Promise<string> =>
  run(join(bin, name), args, {
    cwd: backend,
    env: { PATH: `${bin}:${process.env['PATH'] ?? ''}`, HOME: folder, ...env },
  });

test('the template is typed and clean', async () => {
  await tool('ruff', ['check', '.']);
  await tool('ruff', ['format', '--check', '.']);
  expect(await tool('mypy', ['.'])).toContain('no issues found');
});

test('its own tests pass without any service', async () => {
  const printed = await tool('pytest', ['-p', 'no:cacheprovider']);
  expect(printed).toMatch(/\d+ passed/);
  expect(printed).not.toMatch(/skipped|failed/);
});

test('it works with PostgreSQL, both poolers, Redis, a worker, the Auth service and two stores', async () => {
  const printed = await tool('pytest', ['-p', 'no:cacheprovider', 'tests/services'], {
    ...services.env,
    TEST_SECOND_STORE_ENDPOINT: `http://127.0.0.1:${secondStorePort}`,
    TEST_SECOND_STORE_ACCESS_KEY_ID: 'second',
    TEST_SECOND_STORE_SECRET_ACCESS_KEY: 'second-secret',
    TEST_SECOND_STORE_REGION: 'us-east-1',
  });
  expect(printed).toMatch(/\d+ passed/);
  expect(printed).not.toMatch(/skipped|failed/);
});
