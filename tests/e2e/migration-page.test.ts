import type { Browser, BrowserContext, CDPSession, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { runCli } from '../support/cli';
import { compareDatabases, compareObjects } from '../support/compare';
import { clearTarget, type RunningPractice, startPracticeCommand, withClient } from '../support/practice';
import { launchBrowser } from './page-support/browser';

let practice: RunningPractice;
let browser: Browser;
let context: BrowserContext;
let origin: string;
beforeAll(async () => {
  practice = await startPracticeCommand();
  browser = await launchBrowser();
  context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-GB' });
  // The token in the address is good for one visit; the cookie that it buys serves every further page.
  const first = await context.newPage();
  await first.goto(practice.url);
  origin = new URL(first.url()).origin;
  await first.close();
});
afterAll(async () => {
  await browser.close();
  await practice.stop();
});
beforeEach(() => clearTarget(practice));

const runList = z.array(z.object({ id: z.string(), state: z.string() }));
const args = (...command: string[]) => [
  ...command,
  '--workspace',
  practice.workspace,
  '--env-file',
  practice.envFile,
  '--json',
];

async function newestRun(): Promise<{ id: string; state: string }> {
  const listed = runList.parse(JSON.parse((await runCli(args('runs'), {})).stdout));
  const [newest] = listed;
  if (newest === undefined) throw new Error('There is no run.');
  return newest;
}

async function openMigration(): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`${origin}/#/migration`);
  await page
    .getByRole('button', { name: /^(Start|New) migration$/ })
    .first()
    .waitFor();
  return page;
}

async function begin(page: Page): Promise<void> {
  await page
    .getByRole('button', { name: /^(Start|New) migration$/ })
    .first()
    .click();
  await page.getByRole('button', { name: 'Start copying' }).click();
}

const arrived = (page: Page) => page.getByRole('heading', { name: /^Everything has arrived/ });

async function expectEqualSides(): Promise<void> {
  const databases = await compareDatabases(practice);
  expect(databases.target).toEqual(databases.source);
  const objects = await compareObjects(practice);
  expect(objects.target).toEqual(objects.source);
}

test('by mouse: start, read the plan, copy, verified; and the page and a second host show the same', async () => {
  const page = await openMigration();
  await begin(page);
  await arrived(page).waitFor({ timeout: 60_000 });
  await expectEqualSides();
  const run = await newestRun();
  expect(run.state).toMatch(/^succeeded/);
  const evidence = page.getByRole('table', { name: 'Evidence' });
  expect(await evidence.getByRole('row').count()).toBeGreaterThan(5);
  await page.close();
});

/** Presses Tab until the focused element has the wanted accessible name; fails after one round. */
async function tabTo(page: Page, name: RegExp): Promise<void> {
  const seen: string[] = [];
  for (let presses = 0; presses < 80; presses += 1) {
    await page.keyboard.press('Tab');
    const focused = await page.evaluate(
      `(document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? '').trim()`,
    );
    const text = z.string().parse(focused);
    seen.push(text);
    if (name.test(text)) return;
  }
  throw new Error(`No Tab stop is named ${String(name)}. Seen: ${seen.join(' | ')}`);
}

test('by keyboard alone: start, read the plan, copy, verified', async () => {
  const page = await openMigration();
  await tabTo(page, /^(Start|New) migration$/);
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Start copying' }).waitFor();
  await tabTo(page, /^Start copying$/);
  await page.keyboard.press('Enter');
  await arrived(page).waitFor({ timeout: 60_000 });
  await expectEqualSides();
  await page.close();
});

test('closing the page in the middle changes nothing; a new page picks the run up', async () => {
  const page = await openMigration();
  await begin(page);
  await page.getByRole('button', { name: 'Pause' }).waitFor();
  await page.close();
  const again = await context.newPage();
  await again.goto(`${origin}/#/migration`);
  await arrived(again).waitFor({ timeout: 60_000 });
  await expectEqualSides();
  await again.close();
});

test('pause holds, continue goes on, cancel stops within 5 s, resume ends verified', async () => {
  const page = await openMigration();
  await begin(page);
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByText('The run is paused').waitFor();
  expect((await newestRun()).state).toBe('paused');
  await page.getByRole('button', { name: 'Continue', exact: true }).click();
  await page.getByRole('button', { name: 'Cancel…' }).click();
  const asked = Date.now();
  await page.getByRole('button', { name: 'Cancel migration' }).click();
  await page.getByText('The run was cancelled').waitFor({ timeout: 8_000 });
  expect(Date.now() - asked).toBeLessThan(6_500);
  await page.getByRole('button', { name: 'Resume' }).first().click();
  await arrived(page).waitFor({ timeout: 60_000 });
  await expectEqualSides();
  await page.close();
});

test('a plan that is no longer true is refused on the page, with a way on', async () => {
  const page = await openMigration();
  await page
    .getByRole('button', { name: /^(Start|New) migration$/ })
    .first()
    .click();
  await page.getByRole('button', { name: 'Start copying' }).waitFor();
  const sourceUrl = practice.value('SOURCE_DATABASE_URL');
  await withClient(sourceUrl, (client) => client.query('create table added_since (id int primary key)'));
  try {
    await page.getByRole('button', { name: 'Start copying' }).click();
    await page.getByText('PLAN_CHANGED').waitFor();
    await page.getByRole('button', { name: 'Plan again' }).first().waitFor();
  } finally {
    await withClient(sourceUrl, (client) => client.query('drop table added_since'));
  }
  await page.close();
});

/** Every string that the page's JavaScript heap holds, as one text. */
async function heapOf(session: CDPSession): Promise<string> {
  const chunks: string[] = [];
  session.on('HeapProfiler.addHeapSnapshotChunk', ({ chunk }) => chunks.push(chunk));
  await session.send('HeapProfiler.enable');
  await session.send('HeapProfiler.takeHeapSnapshot', { reportProgress: false });
  return chunks.join('');
}

test('no secret is in the page: not in its memory, not in its traffic', async () => {
  const page = await context.newPage();
  let traffic = '';
  page.on('websocket', (socket) => {
    socket.on('framereceived', ({ payload }) => (traffic += payload.toString()));
    socket.on('framesent', ({ payload }) => (traffic += payload.toString()));
  });
  await page.goto(`${origin}/#/connections`);
  await page.getByRole('button', { name: 'Test all' }).click();
  await page
    .getByText(/5 of 5|reachable/)
    .first()
    .waitFor({ timeout: 30_000 })
    .catch(() => undefined);
  await page.goto(`${origin}/#/migration`);
  await begin(page);
  await arrived(page).waitFor({ timeout: 60_000 });
  const heap = await heapOf(await context.newCDPSession(page));
  expect(heap).toContain('Everything has arrived');
  expect(traffic).toContain('step.verified');
  for (const [name, value] of Object.entries(practice.env)) {
    const secret =
      name.endsWith('_DB_URL') || name === 'SOURCE_DATABASE_URL'
        ? decodeURIComponent(new URL(value).password)
        : value;
    if (!/SECRET|DATABASE_URL|DB_URL/.test(name)) continue;
    expect(heap.includes(secret), `${name} in the page's memory`).toBe(false);
    expect(traffic.includes(secret), `${name} in the traffic`).toBe(false);
  }
  await page.close();
});
