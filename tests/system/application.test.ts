import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { legacyUserEmail, legacyUserPassword } from '../../practice/postgres/legacy/users';
import type { Practice } from '../../practice/start-practice';
import { launchBrowser } from '../e2e/page-support/browser';
import { runCli } from '../support/cli';
import { withClient } from '../support/practice';
import {
  checkAccess,
  exchangeOldToken,
  keepOldToken,
  oldTokenOf,
  register,
  resetPassword,
  type Site,
  signIn,
  signOut,
  staySignedIn,
  troubleSigningIn,
} from './support/account-pages';
import { type BackendApp, startBackendApp } from './support/backend-app';
import { startMigratedShop, valueOf } from './support/migrated-shop';
import { buildApp, installPackages, runScript, startApp } from './support/next-app';
import { freePort, type Program, run } from './support/program';
import { pythonEnvironment } from './support/python';

const root = join(import.meta.dirname, '../..');
const templates = join(root, 'resources/templates');

/** The newest versions besides those that the template names. */
const current = {
  next: '16.4.6',
  react: '19.3.1',
  'react-dom': '19.3.1',
  '@types/react': '19.3.0',
  '@types/react-dom': '19.3.0',
};

/** Users of the old shop, by their numbers in its seed, beside the one whose password a test changes. */
const migrated = { current: 8, legacy: 9 };

/** Installing and building take minutes where others are at work too. */
const limit = 900_000;

let folder: string;
let shop: Practice;
let backend: BackendApp;
let browser: Browser;
let ports: { backend: number; named: number; current: number };

const addressOf = (port: number): string => `http://127.0.0.1:${port}`;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cutover-frontend-template-'));
  ports = {
    backend: await freePort(),
    named: await freePort(),
    current: await freePort(),
  };
  [shop, browser] = await Promise.all([startMigratedShop(), launchBrowser()]);
  const bin = await pythonEnvironment(
    ['requirements.txt', 'requirements-dev.txt'].map((name) => join(templates, 'backend', name)),
  );
  // A copy: Python leaves its caches beside what it reads.
  await cp(join(templates, 'backend'), join(folder, 'backend'), { recursive: true });
  backend = await startBackendApp(join(folder, 'backend'), bin, shop, {
    port: ports.backend,
    origins: [addressOf(ports.named), addressOf(ports.current)],
    bucket: 'shop-uploads',
  });
}, limit);

afterAll(async () => {
  await browser.close();
  await backend.stop();
  await shop.stop();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

/** Installs, builds and starts the template. */
async function startTemplate(
  name: string,
  port: number,
  versions?: Record<string, string>,
): Promise<{ app: Program; site: Site; copy: string }> {
  const copy = join(folder, name);
  await cp(join(templates, 'frontend'), copy, { recursive: true });
  await installPackages(copy, versions);
  const supabaseUrl = valueOf(shop, 'SUPABASE_URL');
  const image = await buildApp(copy, {
    NEXT_PUBLIC_SUPABASE_URL: supabaseUrl,
    NEXT_PUBLIC_SUPABASE_PUBLISHABLE_KEY: valueOf(shop, 'SUPABASE_PUBLISHABLE_KEY'),
    NEXT_PUBLIC_API_URL: backend.url,
  });
  const app = await startApp(image, port);
  return {
    app,
    copy,
    site: { frontend: addressOf(port), supabaseUrl, databaseUrl: valueOf(shop, 'SUPABASE_DB_URL') },
  };
}

/** A new browser without any session. */
async function inBrowser(work: (page: Page) => Promise<void>): Promise<void> {
  const context = await browser.newContext({ locale: 'en-GB' });
  context.setDefaultTimeout(60_000);
  try {
    await work(await context.newPage());
  } finally {
    await context.close();
  }
}

test(
  'with Next.js 14: accounts in a browser, from registering to a new password',
  { timeout: limit },
  async () => {
    const { app, site, copy } = await startTemplate('named', ports.named);
    await runScript(copy, 'test');
    const email = valueOf(shop, 'PRACTICE_USER_EMAIL');
    const password = valueOf(shop, 'PRACTICE_USER_PASSWORD');
    await inBrowser(async (page) => {
      await register(page, site, 'newcomer@example.com', 'a password of my own');
      await signOut(page);
      // Nobody has to choose a new password because of the move.
      await signIn(page, site, email, password);
      await page.getByText(`Signed in as ${email}`).waitFor();
      await staySignedIn(page, email);
      await signOut(page);
      await resetPassword(page, site, email, { from: password, to: 'another password 2' });
      await signOut(page);
      await exchangeOldToken(page, site, 'newcomer@example.com');
      await signOut(page);
      await troubleSigningIn(page.context(), page, site);
      await checkAccess(page, site);
    });
    // It drains: it still answers, and its health sends the proxy elsewhere.
    app.child.kill('SIGTERM');
    await expect.poll(async () => (await fetch(`${site.frontend}/api/health`)).status).toBe(503);
    expect((await fetch(`${site.frontend}/login`)).status).toBe(200);
    await app.stop();
    expect(app.child.exitCode).toBe(0);
  },
);

test('with the newest Next.js and React', { timeout: limit }, async () => {
  const { app, site } = await startTemplate('current', ports.current, current);
  const email = 'second@example.com';
  await inBrowser(async (page) => {
    await signIn(page, site, legacyUserEmail(migrated.current), legacyUserPassword(migrated.current));
    await page.getByText(`Signed in as ${legacyUserEmail(migrated.current)}`).waitFor();
    await signOut(page);
    await register(page, site, email, 'a password of my own');
    await staySignedIn(page, email);
    await signOut(page);
    await resetPassword(page, site, email, { from: 'a password of my own', to: 'another password 2' });
  });
  app.child.kill('SIGTERM');
  await expect.poll(async () => (await fetch(`${site.frontend}/api/health`)).status).toBe(503);
  await app.stop();
  expect(app.child.exitCode).toBe(0);
});

test(
  'the branch that is written into an old application: built, tested, and running after the move',
  { timeout: limit },
  async () => {
    const checkout = join(folder, 'shop');
    await cp(join(root, 'examples/legacy-shop'), checkout, { recursive: true });
    const git = (...args: string[]) =>
      run('git', ['-C', checkout, '-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', ...args]);
    await git('init', '-q', '-b', 'main');
    await git('add', '-A');
    await git('commit', '-qm', 'The shop');
    const written = await runCli(
      ['deploy', 'diff', '--repo', checkout, '--branch', 'cutover/supabase', '--summary', '--json'],
      {},
    );
    expect(written.code, written.stderr).toBe(0);
    await git('switch', '-q', 'cutover/supabase');

    // Its tests: its own and those of the template, under the packages that the branch names.
    const code = join(checkout, 'backend');
    expect(await readFile(join(code, 'tests/test_orders.py'), 'utf8')).toContain('from supabase_auth import');
    const bin = await pythonEnvironment(
      ['requirements.txt', 'requirements-dev.txt'].map((name) => join(code, name)),
    );
    const printed = await run(join(bin, 'pytest'), ['-v', '-p', 'no:cacheprovider'], {
      cwd: code,
      env: { PATH: `${bin}:${process.env['PATH'] ?? ''}`, HOME: folder },
    });
    expect(printed).toMatch(/test_orders\.py \.\.\./);
    expect(printed).not.toMatch(/skipped|failed/);

    const port = await freePort();
    const api = await startBackendApp(code, bin, shop, {
      port: await freePort(),
      origins: [addressOf(port)],
      bucket: 'shop-uploads',
    });
    try {
      const pages = join(checkout, 'frontend');
      await installPackages(pages, {}, { locked: false });
      await runScript(pages, 'test');
      const image = await buildApp(pages, {
        NEXT_PUBLIC_SUPABASE_URL: valueOf(shop, 'SUPABASE_URL'),
        NEXT_PUBLIC_SUPABASE_PUBLISHABLE_KEY: valueOf(shop, 'SUPABASE_PUBLISHABLE_KEY'),
        NEXT_PUBLIC_API_URL: api.url,
      });
      const app = await startApp(image, port);
      const email = legacyUserEmail(migrated.legacy);
      const { id, orders } = await personInTarget(email);
      try {
        await walkThroughShop(addressOf(port), email, orders);
        await useShop(api.url, email, { id, orders });
      } finally {
        await app.stop();
      }
    } finally {
      await api.stop();
    }
  },
);

/** Who it is in the migrated database, and how many orders are theirs. */
const personInTarget = (email: string) =>
  withClient(valueOf(shop, 'SUPABASE_DB_URL'), async (client) => {
    const { rows } = await client.query(
      'select u.id::text, (select count(*)::int from orders o where o.user_id = u.id) as orders from users u where email = $1',
      [email],
    );
    return z.tuple([z.object({ id: z.string(), orders: z.number() })]).parse(rows)[0];
  });

/** In a browser: the session of the old pages goes on, and so does the old password. */
async function walkThroughShop(frontend: string, email: string, orders: number): Promise<void> {
  await inBrowser(async (page) => {
    await page.goto(`${frontend}/`);
    await keepOldToken(page, email);
    await page.goto(`${frontend}/orders`);
    await page.getByText(`${orders} orders`).waitFor();
  });
  await inBrowser(async (page) => {
    await signIn(
      page,
      { frontend, supabaseUrl: '', databaseUrl: '' },
      email,
      legacyUserPassword(migrated.legacy),
    );
    await page.getByText('The shop').first().waitFor();
    await page.getByRole('link', { name: 'My orders' }).click();
    await page.getByText(`${orders} orders`).waitFor();
  });
}

/** Over the API: rows and files belong to the same person, by a session of Supabase and by a token of the old login. */
async function useShop(api: string, email: string, person: { id: string; orders: number }): Promise<void> {
  const signedIn = await fetch(`${valueOf(shop, 'SUPABASE_URL')}/auth/v1/token?grant_type=password`, {
    method: 'POST',
    headers: { apikey: valueOf(shop, 'SUPABASE_PUBLISHABLE_KEY') },
    body: JSON.stringify({ email, password: legacyUserPassword(migrated.legacy) }),
  });
  const session = z.object({ access_token: z.string() }).parse(await signedIn.json()).access_token;
  const ask = async (token: string, method: string, path: string, body?: FormData): Promise<unknown> => {
    const answer = await fetch(`${api}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}` },
      ...(body === undefined ? {} : { body }),
    });
    expect(answer.status, `${method} ${path}`).toBe(200);
    return answer.json();
  };
  for (const token of [session, await oldTokenOf(email)]) {
    expect(await ask(token, 'GET', '/api/profile')).toMatchObject({ id: person.id, email });
    expect(await ask(token, 'GET', '/api/orders')).toHaveLength(person.orders);
    const form = new FormData();
    form.set('file', new Blob(['a picture'], { type: 'image/png' }), 'me.png');
    const { url } = z.object({ url: z.url() }).parse(await ask(token, 'PUT', '/api/profile/avatar', form));
    expect(url).toContain(`avatars/${person.id}`);
    expect(await (await fetch(url)).text()).toBe('a picture');
    await ask(token, 'DELETE', '/api/profile/avatar');
    expect((await fetch(url)).status).toBe(404);
  }
  expect((await fetch(`${api}/api/orders`)).status).toBe(401);
  expect((await fetch(`${api}/auth/login`, { method: 'POST' })).status).toBe(410);
}
