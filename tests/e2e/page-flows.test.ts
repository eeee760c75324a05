import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { AppError } from '#shared/model/errors';
import { launchBrowser, openPage, type OpenPage } from './page-support/browser';
import {
  connectedEnds,
  emptyEnds,
  failedTest,
  passedTest,
  workspace,
} from './page-support/fixture-connections';
import { linkRewrite } from './page-support/fixture-links';
import { plan, steps } from './page-support/fixture-plan';
import { failure, situation, type Situation } from './page-support/fixture-host';
import { copiedRun, copyingRun, evidence, FixtureRun, succeededRun } from './page-support/fixture-run';

const runId = '20261122T140200Z-abc123';

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(async () => browser.close());

async function withPage(
  now: Situation,
  path: string,
  body: (page: Page, opened: OpenPage) => Promise<void>,
  options: BrowserContextOptions = {},
): Promise<void> {
  const opened = await openPage(browser, now, path, { reducedMotion: 'reduce', ...options });
  try {
    await body(opened.page, opened);
  } finally {
    await opened.close();
  }
}

const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: true });
const called = (now: Situation, name: string) =>
  now.calls.filter((call) => call.name === name).map((call) => call.input);

/** Whether the element is the focused one. */
const hasFocus = async (target: Locator) => target.and(target.page().locator(':focus')).isVisible();

/** Moves the focus with Tab until an element of this role and name has it. */
async function tabTo(page: Page, role: 'button' | 'link' | 'textbox', name: string): Promise<void> {
  const target = page.getByRole(role, { name, exact: true });
  for (let presses = 0; presses < 60; presses += 1) {
    await page.keyboard.press('Tab');
    if (await hasFocus(target)) return;
  }
  throw new Error(`The ${role} ${name} cannot be reached with Tab.`);
}

it('goes from start on the overview over the plan to a verified end, with one press to confirm', async () => {
  const run = copyingRun(runId);
  const now = situation({ nextRun: run });
  await withPage(now, '/', async (page, { complaints }) => {
    await button(page, 'Start migration').click();
    await page.getByRole('heading', { name: 'Create the schema' }).waitFor();
    expect(called(now, 'runs.start')).toEqual([]);
    await button(page, 'Start copying').click();
    await page.getByText('12 of 20 tables').waitFor();
    expect(called(now, 'runs.start')).toEqual([
      { only: ['database', 'users', 'objects'], planHash: plan.hash },
    ]);

    for (const { id } of steps) run.step(id).stepDone(id);
    run.state('verifying').verified('data', evidence()).state('succeeded');
    await page.getByText('Everything has arrived').waitFor();
    await page.getByText('20 comparisons, all equal').waitFor();
    await page.keyboard.press('1');
    await page.getByRole('link', { name: 'Look for links' }).waitFor();
    expect(complaints).toEqual([]);
  });
});

it('goes the whole way by keyboard alone', async () => {
  const run = copyingRun(runId);
  const now = situation({
    nextRun: run,
    onControl: (name, controlled) =>
      void controlled.state(name === 'pause' ? 'paused' : name === 'cancel' ? 'cancelled' : 'running'),
  });
  await withPage(now, '/', async (page) => {
    await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
    await page.keyboard.press('Tab');
    expect(await hasFocus(page.getByRole('link', { name: 'Skip to content' }))).toBe(true);
    await page.keyboard.press('Enter');
    await page.keyboard.press('2');
    await page.getByRole('heading', { name: 'Move the application' }).waitFor();
    await tabTo(page, 'button', 'Start migration');
    await page.keyboard.press('Enter');
    await button(page, 'Start copying').waitFor();
    await tabTo(page, 'button', 'Start copying');
    await page.keyboard.press('Enter');
    await button(page, 'Pause').waitFor();
    await tabTo(page, 'button', 'Pause');
    await page.keyboard.press('Enter');
    await tabTo(page, 'button', 'Continue');
    await page.keyboard.press('Enter');
    await button(page, 'Pause').waitFor();
    await tabTo(page, 'button', 'Cancel…');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'Cancel the migration?' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(called(now, 'runs.cancel')).toEqual([]);
    await page.keyboard.press('Control+k');
    await page.keyboard.type('cancel');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'Cancel the migration?' }).waitFor();
    await tabTo(page, 'button', 'Cancel migration');
    await page.keyboard.press('Enter');
    await page.getByText('The run was cancelled').waitFor();
    await page.keyboard.press(',');
    await page.getByRole('heading', { name: 'Connections', level: 1 }).waitFor();
    await page.keyboard.press('1');
    await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
  });
});

it('does not take keys for pages while somebody types', async () => {
  await withPage(situation({ connections: emptyEnds() }), '/connections', async (page) => {
    const field = page.getByRole('textbox', { name: 'Endpoint' }).first();
    await field.fill('');
    await field.press('1');
    await field.press('2');
    expect(await field.inputValue()).toBe('12');
    expect(await page.getByRole('heading', { name: 'Connections', level: 1 }).isVisible()).toBe(true);
  });
});

it('asks for the workspace’s name before a plan that overwrites', async () => {
  const dangerous = {
    ...plan,
    steps: plan.steps.map((step) => (step.id === 'users' ? { ...step, effect: 'overwrite' as const } : step)),
  };
  const now = situation({ plan: dangerous, nextRun: copyingRun(runId) });
  await withPage(now, '/migration', async (page) => {
    await button(page, 'Start migration').click();
    await button(page, 'Start copying…').click();
    const dialog = page.getByRole('dialog', { name: 'Start copying?' });
    expect(await dialog.getByRole('button', { name: 'Start copying' }).isDisabled()).toBe(true);
    await dialog.getByRole('textbox').fill(workspace.name);
    await dialog.getByRole('button', { name: 'Start copying' }).click();
    await page.getByText('12 of 20 tables').waitFor();
  });
});

it('offers to plan again when the plan has changed', async () => {
  const now = situation({ startError: new AppError('PLAN_CHANGED', 'A table was added since the plan.') });
  await withPage(now, '/migration', async (page) => {
    await button(page, 'Start migration').click();
    await button(page, 'Start copying').click();
    const problem = page.getByRole('group', { name: /^Problem/ });
    await problem.getByText('PLAN_CHANGED').waitFor();
    await problem.getByRole('button', { name: 'Plan again' }).click();
    await button(page, 'Start copying').waitFor();
    expect(called(now, 'migration.plan')).toHaveLength(2);
  });
});

it('shows speed and time left from the progress of the last seconds', async () => {
  const run = copyingRun(runId);
  await withPage(situation({ runs: [run] }), '/migration', async (page) => {
    const lane = page.getByRole('region', { name: 'Database' });
    await lane.getByText('12 of 20 tables').waitFor();
    for (let tick = 1; tick <= 8; tick += 1) {
      run.progress('data', 'public.reviews', { done: 20_000 + tick * 5000, total: 81_120, unit: 'rows' });
      await page.waitForTimeout(40);
    }
    await lane.getByText(/^[\d,]+ rows\/s$/).waitFor();
    await lane.getByText(/about .* left/).waitFor();
  });
});

it('picks up the run under way after a reload', async () => {
  const run = copyingRun(runId);
  const now = situation({ runs: [run] });
  await withPage(now, '/migration', async (page) => {
    await page.getByText('12 of 20 tables').waitFor();
    await page.reload();
    await page.getByText('12 of 20 tables').waitFor();
    run.unitDone('data', 'public.reviews');
    await page.getByText('13 of 20 tables').waitFor();
    expect(now.calls).toEqual([]);
  });
});

it('shows a failure on its step with code, hint and details to copy, and resumes', async () => {
  const error = failure('TARGET_DISK_FULL', 'The target has no space left.', {
    hint: 'Enlarge the disk, then resume.',
    step: 'data',
    details: { sqlstate: '53100' },
  });
  const run = copyingRun(runId)
    .push({ type: 'step.failed', step: 'data', data: { error } })
    .state('failed', error);
  const now = situation({
    runs: [run],
    onControl: () => void run.push({ type: 'run.resumed', data: { by: 'the page' } }).state('running'),
  });
  await withPage(now, '/migration', async (page, { origin }) => {
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin });
    const problem = page.getByRole('group', { name: 'Problem: Copy the rows failed' });
    await problem.getByText('TARGET_DISK_FULL').waitFor();
    await problem.getByText('Enlarge the disk, then resume.').waitFor();
    await problem.getByRole('button', { name: 'Copy details' }).click();
    await page.getByRole('status', { name: 'Acknowledgements' }).getByText('Copied.').waitFor();
    expect(await page.evaluate<string>('navigator.clipboard.readText()')).toContain('sqlstate: 53100');
    await problem.getByRole('button', { name: 'Resume' }).click();
    await button(page, 'Pause').waitFor();
    expect(called(now, 'runs.resume')).toEqual([{ runId }]);
  });
});

it('follows a run that another host resumes', async () => {
  const run = copyingRun(runId).state('cancelled');
  await withPage(situation({ runs: [run] }), '/migration', async (page) => {
    await page.getByText('The run was cancelled').waitFor();
    run.push({ type: 'run.resumed', data: { by: 'the command line' } }).state('running');
    await button(page, 'Pause').waitFor();
  });
});

it('puts differing comparisons first and saves reports', async () => {
  const run = copiedRun(runId)
    .verified('data', evidence(true))
    .state('failed', failure('VERIFICATION_DIFFERS', '1 of 20 comparisons differs.'));
  await withPage(situation({ runs: [run] }), '/migration', async (page) => {
    const rows = page.getByRole('table', { name: 'Evidence' }).getByRole('row');
    await rows.nth(1).getByText('public.payments').waitFor();
    for (const [item, ending] of [
      ['As HTML, to read', 'html'],
      ['As JSON, for tools', 'json'],
    ] as const) {
      await button(page, 'Save report…').click();
      const download = page.waitForEvent('download');
      await page.getByRole('menuitem', { name: item }).click();
      expect((await download).suggestedFilename()).toBe(`${runId}.${ending}`);
    }
  });
});

it('draws only the rows in sight of thousands, and tells how many there are', async () => {
  const run = new FixtureRun(runId).state('running');
  const units = Array.from({ length: 5000 }, (_value, index) => ({
    id: `t${index}`,
    label: `public.table_${index}`,
    expected: { done: 0, total: 100, unit: 'rows' },
  }));
  for (const step of steps)
    run.push({ type: 'step.planned', step: step.id, data: step.id === 'data' ? { ...step, units } : step });
  await withPage(situation({ runs: [run] }), '/migration', async (page) => {
    const table = page.getByRole('table', { name: 'Tables' });
    await table.getByText('public.table_0', { exact: true }).waitFor();
    expect(await table.getAttribute('aria-rowcount')).toBe('5001');
    expect(await table.getByRole('row').count()).toBeLessThan(40);
    await page.getByRole('group', { name: 'Tables' }).press('End');
    await table.getByText('public.table_4999').waitFor();
  });
});

it('saves settings, never shows a secret, and tests', async () => {
  const secret = 'a-secret-that-must-not-be-seen';
  const now = situation({ connections: emptyEnds() });
  await withPage(now, '/connections', async (page) => {
    const form = page.getByRole('form', { name: 'Source PostgreSQL' });
    await form.getByRole('textbox', { name: 'Connection URL' }).fill(`postgresql://shop:${secret}@db/shop`);
    await form.getByRole('button', { name: 'Save and test Source PostgreSQL' }).click();
    await page.getByText('PostgreSQL 15.4').waitFor();
    expect(called(now, 'connections.update')).toEqual([
      { SOURCE_DATABASE_URL: `postgresql://shop:${secret}@db/shop` },
    ]);
    await form.getByText('Set', { exact: true }).waitFor();
    expect(await page.content()).not.toContain(secret);
    await form.getByRole('button', { name: 'Remove Connection URL' }).click();
    await form.getByRole('button', { name: 'Save Source PostgreSQL' }).click();
    await expect.poll(() => called(now, 'connections.update').at(-1)).toEqual({ SOURCE_DATABASE_URL: null });
  });
});

it('puts a test’s error at its field, and tests all ends at once', async () => {
  const now = situation({
    connections: connectedEnds(),
    tests: {
      supabase: failedTest(
        'supabase',
        failure('SUPABASE_TRANSACTION_POOLER', 'Port 6543 is the transaction pooler.', {
          hint: 'Use port 5432.',
        }),
        'SUPABASE_DB_URL',
      ),
      r2: passedTest('r2'),
    },
  });
  await withPage(now, '/connections', async (page) => {
    await button(page, 'Test all').click();
    await page
      .getByRole('group', { name: 'Database URL' })
      .getByText('Port 6543 is the transaction pooler. Use port 5432.')
      .waitFor();
    await page.getByText('4 of 5 reachable').waitFor();
    expect(called(now, 'connections.test')).toHaveLength(5);
  });
});

it('imports settings after a preview', async () => {
  const now = situation({
    connections: emptyEnds(),
    imported: { filled: [{ setting: 'R2_ACCESS_KEY_ID', from: 'R2_KEY' }], notFilled: [], ignored: [] },
  });
  await withPage(now, '/connections', async (page) => {
    await button(page, 'Import…').click();
    await page.getByRole('radio', { name: 'Docker Compose' }).check();
    await page.getByRole('textbox', { name: 'Text of the Compose file' }).fill('services: {}');
    await button(page, 'Preview').click();
    await page.getByText('from R2_KEY').waitFor();
    await button(page, 'Fill in 1 setting').click();
    await page.getByText('5 of 5 reachable').waitFor();
    expect(called(now, 'connections.import')).toEqual([
      { format: 'compose', text: 'services: {}', apply: false },
      { format: 'compose', text: 'services: {}', apply: true },
    ]);
  });
});

it('leads from no workspace over a new vault to the overview', async () => {
  const now = situation({ workspace: null, workspaces: [], connections: emptyEnds() });
  await withPage(now, '/', async (page) => {
    await page.getByText('npx cutover practice').waitFor();
    await page.getByRole('textbox', { name: 'Name' }).fill('acme-shop');
    await button(page, 'Create workspace').click();
    await page.getByLabel(/^Passphrase/).fill('correct horse');
    expect(await button(page, 'Set passphrase').isDisabled()).toBe(true);
    await page.getByLabel('Repeat the passphrase').fill('correct horse');
    await button(page, 'Set passphrase').click();
    await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
    await button(page, 'Set up connections').click();
    await page.getByRole('heading', { name: 'Connections', level: 1 }).waitFor();
  });
});

it('refuses a wrong passphrase at its field and opens another workspace', async () => {
  const now = situation({ workspace: { ...workspace, secrets: { kind: 'passphrase', state: 'locked' } } });
  await withPage(now, '/', async (page) => {
    await page.getByLabel(/^Passphrase/).fill('wrong');
    await button(page, 'Unlock').click();
    await page.getByText('This is not the passphrase of this workspace.').waitFor();
    await button(page, 'Workspace acme-shop /home/operator/acme-shop').click();
    await page.getByRole('menuitem', { name: 'blog' }).click();
    await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
    expect(await page.getByRole('button', { name: /^Workspace blog/ }).isVisible()).toBe(true);
  });
});

it('keeps the chosen theme over a reload', async () => {
  await withPage(situation(), '/', async (page) => {
    await page.keyboard.press('Control+k');
    await page.keyboard.type('dark');
    await page.keyboard.press('Enter');
    await page.locator('[data-mantine-color-scheme="dark"]').waitFor();
    await page.reload();
    await page.locator('[data-mantine-color-scheme="dark"]').waitFor();
  });
});

it('says that the connection is lost', async () => {
  const opened = await openPage(browser, situation({ runs: [copyingRun(runId)] }), '/migration');
  await opened.page.getByText('12 of 20 tables').waitFor();
  await opened.closeHost();
  await opened.page.getByText('Connection to Cutover lost.').waitFor();
  expect(await opened.page.getByText('12 of 20 tables').isVisible()).toBe(true);
  await opened.close();
});

it('is smaller than 400 kB compressed, but for the reader of PDFs that comes later, and usable within 1.5 s', async () => {
  const folder = resolve(import.meta.dirname, '../../out/renderer');
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  const sizes = await Promise.all(
    files
      .filter((file) => file.isFile() && !/\.map$|^pdf/.test(file.name))
      .map(async (file) => gzipSync(await readFile(join(file.parentPath, file.name))).length),
  );
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(400_000);
  await withPage(situation({ runs: [succeededRun(runId)] }), '/', async (page) => {
    await page.reload();
    await page.getByRole('heading', { name: 'From self-hosted to managed' }).waitFor();
    // The entry is written a frame after the heading is there.
    const paint = await page.evaluate<number>(
      `new Promise((resolve) => {
        new PerformanceObserver((list) => {
          const [entry] = list.getEntriesByName('first-contentful-paint');
          if (entry) resolve(entry.startTime);
        }).observe({ type: 'paint', buffered: true });
      })`,
    );
    expect(paint).toBeLessThan(1500);
  });
});

it('links are looked for and undone, old values are removed after a typed word, and CORS rules are set', async () => {
  const now = situation({ rewrites: [linkRewrite] });
  await withPage(now, '/migration', async (page) => {
    await page.getByRole('link', { name: 'Links in rows' }).click();
    await page.getByRole('button', { name: 'Look for links' }).click();
    await page.getByText('8,200 links in 1 column of 24 tables').waitFor();
    await page.getByText('https://shop-uploads.example.com/products/0001/photo-1.jpg').waitFor();
    await page.getByRole('button', { name: 'Undo…' }).click();
    await page.getByRole('button', { name: 'Undo rewrite' }).click();
    await page.getByText('Links are as they were').waitFor();
    await page.getByRole('button', { name: 'Remove old values…' }).click();
    const remove = page.getByRole('button', { name: 'Remove old values', exact: true });
    expect(await remove.isDisabled()).toBe(true);
    await page.getByRole('textbox', { name: 'Type remove to go on' }).fill('remove');
    await remove.click();
    await page.getByText('No rewrite is on record').waitFor();
    await page.getByRole('button', { name: 'Plan the rewrite' }).click();
    await page.getByText('4 steps · 2 warnings').first().waitFor();
    expect(now.calls.find(({ name }) => name === 'migration.plan')?.input).toEqual({ only: ['links'] });

    await page.getByRole('link', { name: 'Public access and CORS' }).click();
    const origins = page.getByRole('textbox', { name: /Where pages/ });
    await origins.fill('shop.example.com');
    await page.getByText('No origin: shop.example.com').waitFor();
    await origins.fill('https://shop.example.com/path');
    await page.getByRole('button', { name: 'Propose rules' }).click();
    await page.getByRole('button', { name: 'Set rules…' }).click();
    await page.getByRole('button', { name: 'Replace rules' }).click();
    await page.getByText('Every bucket on R2 has the proposed rules.').waitFor();
    expect(now.calls.find(({ name }) => name === 'access.apply')?.input).toEqual({
      origins: ['https://shop.example.com'],
      uploads: false,
      targets: ['shop-uploads'],
    });
  });
});
