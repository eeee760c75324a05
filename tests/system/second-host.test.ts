import { rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { once } from 'node:events';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { journalEventSchema, type RunView } from '#shared/model/run';
import { emptyRunView, reduceRun } from '#shared/model/run-view';
import { runCli, spawnCli } from '../support/cli';
import { compareDatabases, compareObjects } from '../support/compare';
import { addressOf, through } from '../support/proxy';
import { type HoldingProxy, startHoldingProxy } from '../support/holding-proxy';
import { clearTarget, type RunningPractice, startPracticeCommand } from '../support/practice';
import { newWorkspace } from '../support/workspace';
import { launchBrowser } from '../e2e/page-support/browser';
import {
  arrived,
  button,
  openConsole,
  startMigration,
  type RunningConsole,
} from '../e2e/page-support/console';

let practice: RunningPractice;
let browser: Browser;
let workspace: string;
let open: RunningConsole;
/** Holds the source’s rows back half-way, so that a run is under way for as long as a test looks at it. */
let source: HoldingProxy;
let env: Record<string, string>;
beforeAll(async () => {
  [practice, browser] = await Promise.all([startPracticeCommand(), launchBrowser()]);
});
afterAll(async () => {
  await browser.close();
  await practice.stop();
});
beforeEach(async () => {
  await clearTarget(practice);
  workspace = await newWorkspace('Two hosts');
  const url = practice.value('SOURCE_DATABASE_URL');
  source = await startHoldingProxy(addressOf(url), 6_000_000);
  env = { ...practice.env, SOURCE_DATABASE_URL: through(url, source) };
  open = await openConsole(browser, workspace, env);
  await button(open.page, 'Start migration').waitFor();
});
afterEach(async () => {
  await open.close();
  await source.close();
  await rm(workspace, { recursive: true, force: true });
});

const args = (...command: string[]) => [...command, '--workspace', workspace, '--json'];

interface CliRun {
  /** What the command line has told of the run so far. */
  view(): RunView;
  kill(): void;
  /** Exit code; null after a kill. */
  ended: Promise<number | null>;
}

/** `cutover run` beside the page. */
function startCliRun(): CliRun {
  const child = spawnCli(args('run', '--yes'), env);
  let view = emptyRunView('');
  createInterface({ input: child.stdout }).on('line', (line) => {
    const event = journalEventSchema.safeParse(JSON.parse(line));
    if (event.success) view = reduceRun(view, event.data);
  });
  child.stderr.resume();
  return {
    view: () => view,
    kill: () => child.kill('SIGKILL'),
    ended: once(child, 'close').then(([code]) => z.number().nullable().parse(code)),
  };
}

/** The newest run as `cutover runs` lists it. */
async function listedRun(): Promise<{ id: string; state: string; warnings: number }> {
  const listed = await runCli(args('runs'), env);
  const [run] = z
    .array(z.object({ id: z.string(), state: z.string(), warnings: z.number() }))
    .parse(JSON.parse(listed.stdout));
  if (run === undefined) throw new Error('There is no run.');
  return run;
}

/** Every comparison of a view. */
const evidenceOf = (view: RunView) => view.steps.flatMap((step) => step.evidence);

async function expectEqual(): Promise<void> {
  const databases = await compareDatabases(practice);
  expect(databases.target).toEqual(databases.source);
  const objects = await compareObjects(practice);
  expect(objects.target).toEqual(objects.source);
}

test('the page shows a run of the command line as it goes on, and reaches into it', async () => {
  const { page } = open;
  const run = startCliRun();
  await button(page, 'Pause').click();
  source.release();
  await page.getByText('The run is paused').waitFor();
  await expect.poll(() => run.view().state).toBe('paused');
  // Tables under way when the pause came end before it holds; then nothing moves, and both must show the very same numbers.
  const lane = page.getByRole('region', { name: 'Database' });
  const copied = (): string => {
    const units = run.view().steps.find((step) => step.id === 'database.data')?.units ?? [];
    const tables = units.filter((unit) => unit.bytes !== undefined);
    const done = tables.filter((unit) => unit.state === 'done').length;
    expect(done).toBeLessThan(tables.length);
    return `${done} of ${tables.length} tables`;
  };
  await expect
    .poll(async () => (await lane.textContent())?.includes(copied()), { timeout: 60_000 })
    .toBe(true);
  await button(page, 'Continue').click();
  await arrived(page);
  expect(await run.ended).toBe(0);
  const evidence = evidenceOf(run.view());
  expect(evidence.length).toBeGreaterThan(20);
  await page.getByText(`${evidence.length} comparisons, all equal`).waitFor();
  expect(run.view().state).toBe((await listedRun()).state);
  await expectEqual();
});

test('a run whose process was killed shows as interrupted on the page, and is resumed there', async () => {
  const { page } = open;
  const run = startCliRun();
  await button(page, 'Pause').waitFor();
  run.kill();
  expect(await run.ended).toBe(null);
  source.release();
  await page.getByText('The run was interrupted').waitFor();
  expect((await listedRun()).state).toBe('interrupted');
  await button(page, 'Resume').first().click();
  await button(page, 'Pause').waitFor();
  expect((await listedRun()).state).toMatch(/^(running|verifying)$/);
  await arrived(page);
  expect((await listedRun()).state).toMatch(/^succeeded/);
  await expectEqual();
});

test('the command line shows a run of the page, and stops it', async () => {
  const { page } = open;
  await startMigration(page);
  await button(page, 'Pause').click();
  source.release();
  await page.getByText('The run is paused').waitFor();
  const { id, state } = await listedRun();
  expect(state).toBe('paused');
  const cancelled = await runCli(args('cancel', id), env);
  expect(cancelled.code, cancelled.stdout + cancelled.stderr).toBe(0);
  await page.getByText('The run was cancelled').waitFor();
  expect((await listedRun()).state).toBe('cancelled');
});
