import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { finished, spawnCli } from '../support/cli';
import { compareDatabases, compareObjects } from '../support/compare';
import { startDyingProxy } from '../support/dying-proxy';
import { addressOf, through } from '../support/proxy';
import {
  clearTarget,
  type RunningPractice,
  startPracticeCommand,
  withChanges,
  withClient,
} from '../support/practice';
import { expectNoSecret } from '../support/secrets';
import { newWorkspace } from '../support/workspace';
import { launchBrowser } from './page-support/browser';
import {
  arrived,
  button,
  copiedDetails,
  openConsole,
  problem,
  startMigration,
  type RunningConsole,
} from './page-support/console';

let practice: RunningPractice;
let browser: Browser;
let workspace: string;
let open: RunningConsole | undefined;
beforeAll(async () => {
  [practice, browser] = await Promise.all([startPracticeCommand(), launchBrowser()]);
});
afterAll(async () => {
  await browser.close();
  await practice.stop();
});
beforeEach(async () => {
  await clearTarget(practice);
  workspace = await newWorkspace('Failures on the page');
});
afterEach(async () => {
  await open?.close();
  open = undefined;
  await rm(workspace, { recursive: true, force: true });
});

/** The page of an own host with some of the practice environment's variables replaced. */
async function pageWith(
  changes: Record<string, string>,
  path?: string,
): Promise<{ page: Page; sides: RunningPractice }> {
  const sides = withChanges(practice, changes);
  open = await openConsole(browser, workspace, sides.env, path);
  return { page: open.page, sides };
}

/** The panel says its code and what to do, and what it gives to the clipboard holds no secret. */
async function expectHelpful(
  panel: Locator,
  code: string,
  advice: RegExp,
  sides: RunningPractice,
): Promise<void> {
  await panel.waitFor({ timeout: 60_000 });
  expect(await panel.innerText()).toMatch(advice);
  const details = await copiedDetails(panel);
  expect(details).toContain(code);
  expect(details).toMatch(/^Hint: /m);
  expectNoSecret(details, sides.env);
  expectNoSecret(await panel.page().content(), sides.env);
}

async function expectEqual(sides: RunningPractice): Promise<void> {
  const databases = await compareDatabases(sides);
  expect(databases.target).toEqual(databases.source);
  const objects = await compareObjects(sides);
  expect(objects.target).toEqual(objects.source);
}

const wrongPassword = (url: string) => url.replace(/:[^:@/]+@/, ':wrong-password-1@');

test('a target that is not empty is named, and the way on leads to a verified end', async () => {
  const target = practice.value('SUPABASE_DB_URL');
  await withClient(target, (client) =>
    client.query(`create table orders (id int primary key); insert into orders values (1)`),
  );
  const { page, sides } = await pageWith({});
  await startMigration(page);
  const panel = problem(page, 'TARGET_NOT_EMPTY');
  await expectHelpful(panel, 'TARGET_NOT_EMPTY', /orders/, sides);
  await withClient(target, (client) => client.query('drop table orders'));
  await button(panel, 'Plan again').click();
  await button(page, 'Start copying').click();
  await arrived(page);
  await expectEqual(sides);
});

test('a source that dies half-way is told on its step, and Resume ends verified', async () => {
  const url = practice.value('SOURCE_DATABASE_URL');
  const proxy = await startDyingProxy(addressOf(url), 6_000_000);
  try {
    const { page, sides } = await pageWith({ SOURCE_DATABASE_URL: through(url, proxy) });
    await startMigration(page);
    const panel = problem(page, 'SOURCE_LOST');
    await expectHelpful(panel, 'SOURCE_LOST', /resume/i, sides);
    proxy.revive();
    await button(panel, 'Resume').click();
    await arrived(page);
    await expectEqual(sides);
  } finally {
    await proxy.close();
  }
});

test('wrong credentials are told at the field of each end, and where a migration would begin', async () => {
  const { page, sides } = await pageWith(
    {
      SOURCE_DATABASE_URL: wrongPassword(practice.value('SOURCE_DATABASE_URL')),
      SOURCE_S3_SECRET_ACCESS_KEY: 'wrong-secret-key-1',
      SUPABASE_DB_URL: wrongPassword(practice.value('SUPABASE_DB_URL')),
      R2_SECRET_ACCESS_KEY: 'wrong-secret-key-2',
      EASYPANEL_SSH_HOST_KEY: `SHA256:${'A'.repeat(43)}`,
    },
    '/connections',
  );
  await button(page, 'Test all').click();
  for (const [end, field, code] of [
    ['Source PostgreSQL', 'Connection URL', 'DATABASE_AUTH_FAILED'],
    ['Source MinIO', 'Secret key', 'OBJECTS_AUTH_FAILED'],
    ['Supabase', 'Database URL', 'DATABASE_AUTH_FAILED'],
    ['Cloudflare R2', 'Secret access key', 'OBJECTS_AUTH_FAILED'],
    ['Easypanel host', 'Host key fingerprint', 'SSH_HOST_KEY_CHANGED'],
  ] as const) {
    const card = page.getByRole('region', { name: end });
    await card.getByText(code).waitFor({ timeout: 20_000 });
    const blamed = card.locator('[aria-invalid="true"]');
    expect(await blamed.and(card.getByLabel(field)).count(), `${end}: ${field}`).toBe(1);
    expect(await blamed.count(), end).toBe(1);
    expectNoSecret(await copiedDetails(card), sides.env);
  }
  await open?.go('/migration');
  await button(page, 'Start migration').click();
  const panel = page.getByRole('group', { name: /^Problem/ });
  await expectHelpful(panel, '_AUTH_FAILED', /Check/, sides);
  await panel.getByRole('link', { name: 'Open Connections' }).click();
  await page.getByRole('heading', { name: 'Connections', level: 1 }).waitFor();
});

test('a wrong password that was typed is told at its field; the right one passes', async () => {
  const right = practice.value('SOURCE_DATABASE_URL');
  open = await openConsole(browser, workspace, {}, '/connections');
  const { page } = open;
  await page.getByLabel(/^Passphrase/).fill('a passphrase for the test');
  await page.getByLabel('Repeat the passphrase').fill('a passphrase for the test');
  await button(page, 'Set passphrase').click();
  const card = page.getByRole('region', { name: 'Source PostgreSQL' });
  const saveAndTest = button(card, 'Save and test Source PostgreSQL');
  await card.getByRole('textbox', { name: 'Connection URL' }).fill(wrongPassword(right));
  await saveAndTest.click();
  await card.getByText('DATABASE_AUTH_FAILED').waitFor();
  const field = card.getByRole('group', { name: 'Connection URL' });
  await field.getByRole('alert').getByText('refuses the user or the password').waitFor();
  expectNoSecret(await copiedDetails(card), { SOURCE_DATABASE_URL: wrongPassword(right) });
  await button(field, 'Replace Connection URL').click();
  await card.getByRole('textbox', { name: 'Connection URL' }).fill(right);
  await saveAndTest.click();
  await card.getByText('Reachable').waitFor();
  expectNoSecret(await page.content(), practice.env);
});

test('a secret that is typed beside others from the environment gets a vault on the way', async () => {
  const { SOURCE_DATABASE_URL: typed = '', ...rest } = practice.env;
  open = await openConsole(browser, workspace, rest, '/connections');
  const { page } = open;
  const card = page.getByRole('region', { name: 'Source PostgreSQL' });
  await card.getByRole('textbox', { name: 'Connection URL' }).fill(typed);
  await button(card, 'Save and test Source PostgreSQL').click();
  await button(problem(page, 'SECRETS_LOCKED'), 'Choose a passphrase…').click();
  const dialog = page.getByRole('dialog', { name: 'Protect the secrets' });
  await dialog.getByLabel(/^Passphrase/).fill('a passphrase for the test');
  await dialog.getByLabel('Repeat the passphrase').fill('a passphrase for the test');
  await button(dialog, 'Set passphrase').click();
  await dialog.waitFor({ state: 'detached' });
  await button(card, 'Save and test Source PostgreSQL').click();
  await card.getByText('Reachable').waitFor();
  expectNoSecret(await page.content(), practice.env);
});

test('a run that another process holds is not taken up twice', async () => {
  const { page, sides } = await pageWith({});
  await startMigration(page);
  await button(page, 'Cancel…').click();
  await button(page, 'Cancel migration').click();
  await page.getByText('The run was cancelled').waitFor({ timeout: 10_000 });
  await clearTarget(practice);
  const other = spawnCli(
    ['run', '--yes', '--json', '--only', 'database,users', '--workspace', workspace],
    sides.env,
  );
  const ended = finished(other);
  await once(other.stdout, 'data');
  await button(page, 'Resume').first().click();
  const panel = problem(page, 'RUN_LOCKED');
  await expectHelpful(panel, 'RUN_LOCKED', /Watch|cancel/, sides);
  await panel.getByRole('link', { name: 'Show that run' }).click();
  await panel.waitFor({ state: 'detached' });
  await arrived(page);
  expect((await ended).code).toBe(0);
  const databases = await compareDatabases(sides);
  expect(databases.target).toEqual(databases.source);
});
