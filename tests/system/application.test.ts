import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Practice } from '../../practice/start-practice';
import { launchBrowser } from '../e2e/page-support/browser';
import {
  checkAccess,
  exchangeOldToken,
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
import { freePort, type Program } from './support/program';
import { pythonEnvironment } from './support/python';

const templates = join(import.meta.dirname, '../../resources/templates');

/** The newest versions besides those that the template names. */
const current = {
  next: '16.4.6',
  react: '19.3.1',
  'react-dom': '19.3.1',
  '@types/react': '19.3.0',
  '@types/react-dom': '19.3.0',
};

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
