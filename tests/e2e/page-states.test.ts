import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Browser, Page } from 'playwright-core';
import { AppError } from '#shared/model/errors';
import { listedDetails } from '#shared/model/failed-objects';
import { axeViolations, launchBrowser, openPage } from './page-support/browser';
import { object } from './page-support/fixture-buckets';
import {
  acts,
  connectedEnds,
  emptyEnds,
  failedTest,
  linkRewrite,
  report,
  steps,
  workspace,
} from './page-support/fixture-data';
import { watched } from './page-support/fixture-health';
import { failure, situation } from './page-support/fixture-host';
import { measuredLoad } from './page-support/fixture-load';
import type { PageState } from './page-support/page-state';
import { deployStates } from './page-support/deploy-states';
import { halfSentResets, keptView, someUsers } from './page-support/fixture-users';
import { copiedRun, copyingRun, evidence, FixtureRun, succeededRun } from './page-support/fixture-run';

const diskFull = failure('TARGET_DISK_FULL', 'The target has no space left.', {
  hint: 'Enlarge the disk, then resume.',
  step: 'data',
  unit: 'public.reviews',
  details: { sqlstate: '53100' },
});

function failedRun(): FixtureRun {
  return copyingRun()
    .push({ type: 'step.failed', step: 'data', data: { error: diskFull } })
    .state('failed', diskFull);
}

function runWithFailedObjects(): FixtureRun {
  const failed = ['2026/ä b.png', '\u202egnp.exe', 'x'.repeat(1_024)].map((key) => ({
    bucket: 'uploads',
    key,
    code: 'OBJECTS_DAMAGED' as const,
  }));
  const error = failure('OBJECTS_DAMAGED', '3 objects could not be copied, "2026/ä b.png" first.', {
    step: 'objects',
    details: listedDetails(failed),
  });
  return copyingRun()
    .push({ type: 'unit.failed', step: 'objects', unit: 'uploads-20', data: { error } })
    .push({ type: 'step.failed', step: 'objects', data: { error } })
    .state('failed', error);
}

function interruptedRun(): FixtureRun {
  const run = copyingRun();
  run.interrupt();
  return run;
}

const never = new Promise<never>(() => undefined);

const withFailures = () =>
  connectedEnds().map((connection) => {
    if (connection.end === 'sourceDatabase')
      return {
        ...connection,
        lastTest: failedTest(
          'sourceDatabase',
          failure('DATABASE_AUTH_FAILED', 'The password was refused.'),
          'SOURCE_DATABASE_URL',
        ),
      };
    if (connection.end === 'easypanel')
      return {
        ...connection,
        lastTest: failedTest('easypanel', failure('SSH_HOST_KEY_CHANGED', 'The host shows another key.')),
      };
    if (connection.end === 'r2')
      return {
        ...connection,
        settings: connection.settings.map((setting) => ({
          ...setting,
          set: true,
          origin: 'environment' as const,
        })),
      };
    return connection;
  });

const mediaObjects = [
  object('media/', 0),
  object('media/2026/a.jpg', 7_500_000),
  object('media/2026/b.jpg', 9_200_000),
  object('media/a.json', 1_400, 'other'),
  object(`media/${'x'.repeat(300)}.bin`, 4),
  object('media/évil\u202egnp.exe', 12_600_000),
  object('media/prices.csv', 900, '0b2cf5ab-2'),
];
const buckets = () => ({
  source: { media: mediaObjects.filter(({ size }) => size !== 4), invoices: [] },
  target: {
    media: mediaObjects.map((item) => ({ ...item, etag: 'd41d8cd98f00b204e9800998ecf8427e' })),
    [`long-${'name-'.repeat(10)}`]: [],
  },
});
const folder = '/buckets?side=target&bucket=media&prefix=media%2F';
const objectPanel = `${folder}&object=media%2Fa.json`;

const prepare = async (page: Page) => page.getByRole('button', { name: 'Start migration' }).click();
const lookForLinks = async (page: Page) => page.getByRole('button', { name: 'Look for links' }).click();
const longName = 'a_very_long_name_'.repeat(8);

const states: PageState[] = [
  { name: 'first run', now: () => situation({ workspace: null }), path: '/', shows: 'Create a workspace' },
  {
    name: 'locked',
    now: () => situation({ workspace: { ...workspace, secrets: { kind: 'passphrase', state: 'locked' } } }),
    path: '/',
    shows: 'Enter the passphrase',
  },
  {
    name: 'new vault',
    now: () => situation({ workspace: { ...workspace, secrets: { kind: 'passphrase', state: 'new' } } }),
    path: '/',
    shows: 'Choose a passphrase',
  },
  {
    name: 'overview, empty',
    now: () => situation({ connections: emptyEnds() }),
    path: '/',
    shows: 'No run yet',
  },
  {
    name: 'overview, practice',
    now: () => situation({ workspace: { ...workspace, practice: true } }),
    path: '/',
    shows: 'Practice',
  },
  {
    name: 'overview, copying',
    now: () => situation({ runs: [copyingRun()] }),
    path: '/',
    shows: 'Copying, 41%',
  },
  {
    name: 'overview, moved',
    now: () => situation({ runs: [succeededRun()] }),
    path: '/',
    shows: 'moved and verified',
  },
  { name: 'connections', now: () => situation(), path: '/connections', shows: '5 of 5 reachable' },
  {
    name: 'connections, empty',
    now: () => situation({ connections: emptyEnds() }),
    path: '/connections',
    shows: 'Not set up',
  },
  {
    name: 'connections, failing',
    now: () => situation({ connections: withFailures() }),
    path: '/connections',
    shows: 'The host shows another key',
  },
  {
    name: 'import',
    now: () =>
      situation({
        imported: {
          filled: [{ setting: 'SOURCE_DATABASE_URL', from: 'DATABASE_URL' }],
          notFilled: [{ setting: 'SUPABASE_URL', reason: 'No variable names it.' }],
          ignored: [{ name: 'line 3', reason: 'No name.' }],
        },
      }),
    path: '/connections',
    shows: 'Will be filled (1)',
    act: async (page) => {
      await page.getByRole('button', { name: 'Import…' }).click();
      await page
        .getByRole('textbox', { name: 'Text of the .env file' })
        .fill('DATABASE_URL=postgresql://shop@db/shop');
      await page.getByRole('button', { name: 'Preview' }).click();
    },
  },
  { name: 'start', now: () => situation(), path: '/migration', shows: 'Move the application' },
  {
    name: 'start, not ready',
    now: () => situation({ connections: emptyEnds() }),
    path: '/migration',
    shows: 'Must fix',
  },
  {
    name: 'inspecting',
    now: () => situation({ inspect: never }),
    path: '/migration',
    shows: 'Inspecting the source…',
    act: prepare,
  },
  {
    name: 'planning',
    now: () => situation({ plan: never }),
    path: '/migration',
    shows: 'Planning…',
    act: prepare,
  },
  {
    name: 'inspection failed',
    now: () =>
      situation({ inspect: new AppError('CONNECTION_REFUSED', 'Nothing listens at db.internal:5432.') }),
    path: '/migration',
    shows: 'CONNECTION_REFUSED',
    act: prepare,
  },
  {
    name: 'target not empty',
    now: () => situation({ plan: new AppError('TARGET_NOT_EMPTY', 'The target has 4 tables in public.') }),
    path: '/migration',
    shows: 'TARGET_NOT_EMPTY',
    act: prepare,
  },
  {
    name: 'plan',
    now: () => situation(),
    path: '/migration',
    shows: 'CREATE TABLE public.customers',
    act: async (page) => {
      await prepare(page);
      await page.getByText('2 details').click();
    },
  },
  {
    name: 'mapping of the users',
    now: () => situation(),
    path: '/migration',
    shows: 'Also looks like users: public.newsletter.',
    act: async (page) => {
      await prepare(page);
      await page.getByRole('button', { name: 'Change…' }).click();
    },
  },
  {
    name: 'plan, blocked',
    now: () =>
      situation({
        inspect: {
          ...report,
          findings: [
            {
              code: 'USERS_TABLE_NOT_FOUND',
              severity: 'blocker',
              lane: 'users',
              message: 'No table has both an e-mail address and a password hash.',
            },
          ],
        },
      }),
    path: '/migration',
    shows: 'Some findings must be fixed',
    act: prepare,
  },
  {
    name: 'copying',
    now: () => situation({ runs: [copyingRun()] }),
    path: '/migration',
    shows: '12 of 20 tables',
  },
  {
    name: 'just started',
    now: () => situation({ runs: [new FixtureRun('20261122T140200Z-abc123')] }),
    path: '/migration',
    shows: 'Planning again',
  },
  {
    name: 'paused',
    now: () => situation({ runs: [copyingRun().state('paused')] }),
    path: '/migration',
    shows: 'The run is paused',
  },
  {
    name: 'cancelling',
    now: () => situation({ runs: [copyingRun().state('cancelling')] }),
    path: '/migration',
    shows: 'Work stops at the next safe point',
  },
  {
    name: 'cancelled',
    now: () => situation({ runs: [copyingRun().state('cancelled')] }),
    path: '/migration',
    shows: 'The run was cancelled',
  },
  {
    name: 'failed',
    now: () => situation({ runs: [failedRun()] }),
    path: '/migration',
    shows: 'TARGET_DISK_FULL',
  },
  {
    name: 'failed objects',
    now: () => situation({ runs: [runWithFailedObjects()] }),
    path: '/migration',
    shows: 'Objects that were not copied',
  },
  {
    name: 'interrupted',
    now: () => situation({ runs: [interruptedRun()] }),
    path: '/migration',
    shows: 'The run was interrupted',
  },
  {
    name: 'verifying',
    now: () => situation({ runs: [copiedRun().verified('data', evidence())] }),
    path: '/migration',
    shows: '20 comparisons, all equal',
  },
  {
    name: 'succeeded',
    now: () => situation({ runs: [succeededRun()] }),
    path: '/migration',
    shows: 'Everything has arrived',
  },
  {
    name: 'succeeded with warnings',
    now: () => situation({ runs: [succeededRun(undefined, true)] }),
    path: '/migration',
    shows: 'Everything has arrived, with warnings',
  },
  {
    name: 'differs',
    now: () =>
      situation({
        runs: [
          copiedRun()
            .verified('data', evidence(true))
            .state('failed', failure('VERIFICATION_DIFFERS', '1 of 20 comparisons differs.')),
        ],
      }),
    path: '/migration',
    shows: '1 of 20 comparisons differ',
  },
  {
    name: 'differing rows side by side',
    now: () =>
      situation({
        runs: [
          copiedRun()
            .verified('data', evidence(true))
            .state('failed', failure('VERIFICATION_DIFFERS', '1 of 20 comparisons differs.')),
        ],
      }),
    path: '/migration',
    shows: '90017',
    act: async (page) => page.getByRole('button', { name: 'Show rows of public.payments' }).click(),
  },
  {
    name: 'refused: a new plan instead of a resume',
    now: () =>
      situation({
        runs: [
          new FixtureRun('20261122T140200Z-abc123')
            .state('running')
            .planned()
            .push({
              type: 'run.state',
              data: {
                state: 'failed',
                refused: true,
                error: failure('TARGET_NOT_EMPTY', 'The target database holds 3 of the tables already.'),
              },
            }),
        ],
      }),
    path: '/migration',
    shows: 'Plan again',
    act: async (page) => {
      await page.getByRole('button', { name: 'Plan again' }).waitFor();
      expect(await page.getByRole('button', { name: 'Resume' }).count()).toBe(0);
    },
  },
  {
    name: 'very long names',
    now: () => {
      const long = steps.map((step) => ({
        ...step,
        title: `${step.title} ${longName}`,
        units: step.units.map((unit) => ({ ...unit, label: unit.label + longName })),
      }));
      const run = new FixtureRun('20261122T140200Z-abc123').state('running');
      for (const step of long) run.push({ type: 'step.planned', step: step.id, data: step });
      return situation({
        runs: [run.step('data').log('error', longName.repeat(6))],
        workspace: { ...workspace, name: longName.slice(0, 80) },
      });
    },
    path: '/migration',
    shows: 'Database',
  },
  {
    name: 'users',
    now: () => situation(),
    path: '/users',
    shows: 'maria.santos@example.com',
    act: async (page) => page.getByRole('button', { name: 'More filters' }).click(),
  },
  {
    name: 'users, views',
    now: () => situation({ users: someUsers({ views: [keptView] }) }),
    path: '/users',
    shows: 'Keep what is shown now as',
    act: async (page) => page.getByRole('button', { name: 'Views' }).click(),
  },
  {
    name: 'users, reset mails',
    now: () => situation({ users: someUsers({ resets: halfSentResets }) }),
    path: '/users',
    shows: 'Stop sending',
    act: async (page) => {
      await page.getByRole('button', { name: 'More', exact: true }).click();
      await page.getByRole('menuitem', { name: 'Reset mails…' }).click();
    },
  },
  {
    name: 'users, none',
    now: () => situation({ users: someUsers({ users: [] }) }),
    path: '/users',
    shows: 'There are no users yet',
  },
  {
    name: 'users, unreachable',
    now: () => situation({ users: new AppError('SUPABASE_AUTH_UNAVAILABLE', 'The Auth service is down.') }),
    path: '/users',
    shows: 'SUPABASE_AUTH_UNAVAILABLE',
  },
  {
    name: 'a user',
    now: () => situation(),
    path: '/users',
    shows: 'Second factors and passkeys',
    act: async (page) => page.getByText('maria.santos@example.com').click(),
  },
  {
    name: 'users, statistics',
    now: () => situation(),
    path: '/users',
    shows: 'Users by provider',
    act: async (page) => {
      await page.getByRole('button', { name: 'More', exact: true }).click();
      await page.getByRole('menuitem', { name: 'Statistics…' }).click();
    },
  },
  {
    name: 'inspecting, counting',
    now: () =>
      situation({
        inspect: never,
        inspectProgress: { buckets: { done: 2, total: 3 }, objects: 412_000, bytes: 71e9 },
      }),
    path: '/migration',
    shows: '412,000 objects',
    act: prepare,
  },
  {
    name: 'links, none looked for',
    now: () => situation(),
    path: '/migration/links',
    shows: 'No rewrite is on record',
  },
  {
    name: 'links, looking',
    now: () => situation({ links: never }),
    path: '/migration/links',
    shows: 'Looking for links…',
    act: lookForLinks,
  },
  {
    name: 'links, found and rewritten',
    now: () => situation({ rewrites: [linkRewrite] }),
    path: '/migration/links',
    shows: '2 addresses',
    act: async (page) => {
      await lookForLinks(page);
      await page.getByText('Plan the rewrite').waitFor();
      await page.getByRole('button', { name: 'Check addresses' }).click();
    },
  },
  {
    name: 'links, failing',
    now: () =>
      situation({
        links: new AppError('CONNECTION_REFUSED', 'Nothing listens at db.internal:5432.'),
        rewrites: new AppError('SETTING_MISSING', 'SUPABASE_DB_URL is not set.'),
      }),
    path: '/migration/links',
    shows: 'CONNECTION_REFUSED',
    act: lookForLinks,
  },
  {
    name: 'schema, a decision not kept yet',
    now: () => situation(),
    path: '/migration/schema',
    act: async (page) => {
      await page.getByRole('button', { name: 'public.audit()' }).click();
      await page.getByRole('button', { name: 'Leave it out' }).click();
    },
    shows: 'Left out with it (1):',
  },
  {
    name: 'schema, failing',
    now: () => situation({ schema: new AppError('SCHEMA_DUMP_FAILED', 'The schema could not be read.') }),
    path: '/migration/schema',
    shows: 'The schema could not be read.',
  },
  {
    name: 'exposure',
    now: () => situation(),
    path: '/migration/exposure',
    shows: 'Gives rows',
  },
  {
    name: 'exposure, nothing open',
    now: () => situation({ exposure: { at: 'now', schemas: ['public'], findings: [], proofs: [] } }),
    path: '/migration/exposure',
    shows: 'Nothing is open',
  },
  {
    name: 'exposure, failing',
    now: () => situation({ exposure: new AppError('SUPABASE_KEY_REFUSED', 'The project refuses the key.') }),
    path: '/migration/exposure',
    shows: 'SUPABASE_KEY_REFUSED',
  },
  {
    name: 'public access',
    now: () => situation(),
    path: '/migration/access',
    shows: 'HTTP 403, origin not allowed',
    act: async (page) => {
      await page.getByRole('textbox', { name: /Where pages/ }).fill('https://shop.example.com');
      await page.getByRole('button', { name: 'Propose rules' }).click();
      await page.getByRole('button', { name: 'Test' }).click();
    },
  },
  {
    name: 'public access, no bucket',
    now: () => situation({ access: [] }),
    path: '/migration/access',
    shows: 'The source has no bucket',
  },
  {
    name: 'public access, failing',
    now: () => situation({ access: new AppError('CONNECTION_REFUSED', 'Nothing listens at minio:9000.') }),
    path: '/migration/access',
    shows: 'CONNECTION_REFUSED',
    act: async (page) => {
      await page.getByRole('textbox', { name: /Where pages/ }).fill('shop.example.com');
    },
  },
  { name: 'activity, empty', now: () => situation(), path: '/activity', shows: 'Nothing has been done yet' },
  {
    name: 'activity',
    now: () => situation({ activity: acts() }),
    path: '/activity',
    shows: 'ban: none → 24h',
  },
  {
    name: 'activity, unreadable',
    now: () => situation({ activity: new AppError('WORKSPACE_UNREADABLE', 'The log can’t be read.') }),
    path: '/activity',
    shows: 'WORKSPACE_UNREADABLE',
  },
  {
    name: 'health, off',
    now: () => situation(),
    path: '/health',
    shows: 'Monitoring is off',
  },
  {
    name: 'health',
    now: () => situation({ health: watched() }),
    path: '/health',
    shows: '4,120 tasks wait in the queue celery; the limit is 1000.',
    act: async (page) => {
      await page.getByRole('button', { name: /^celery/ }).click();
      await page.getByRole('button', { name: /^22 Nov 2026.*backend/ }).click();
      await page.getByText('The release was rolled back.').waitFor();
      await page.locator('.uplot canvas').waitFor();
    },
  },
  {
    name: 'health, as a table',
    now: () => situation({ health: watched() }),
    path: '/health?service=backend',
    shows: 'Uptime',
    act: async (page) => page.getByRole('button', { name: 'Show table' }).click(),
  },
  {
    name: 'health, on the wall',
    now: () => situation({ health: watched() }),
    path: '/health?wall=true',
    shows: '4120 queued',
  },
  {
    name: 'health, nothing set up',
    now: () => situation({ health: { ...watched(), services: [], incidents: [] } }),
    path: '/health',
    shows: 'Nothing to check yet',
  },
  {
    name: 'health, unreadable',
    now: () => situation({ health: new AppError('WORKSPACE_UNREADABLE', 'health.json can’t be read.') }),
    path: '/health',
    shows: 'WORKSPACE_UNREADABLE',
  },
  {
    name: 'health, settings',
    now: () => situation({ health: watched() }),
    path: '/health',
    shows: 'Bucket for the R2 canary',
    act: async (page) => page.getByRole('button', { name: 'Settings…' }).click(),
  },
  {
    name: 'health, a new check with mistakes',
    now: () => situation({ health: watched() }),
    path: '/health',
    shows: 'Give a web address with http:// or https://.',
    act: async (page) => {
      await page.getByRole('button', { name: 'Settings…' }).click();
      await page.getByRole('button', { name: 'Add a check…' }).click();
      await page.getByRole('button', { name: 'Take into the list' }).click();
    },
  },
  {
    name: 'health, zoomed, with the log asked for',
    now: () => situation({ health: watched() }),
    path: '/health?service=backend',
    shows: 'No service of the release on the host belongs to it.',
    act: async (page) => {
      await page.locator('.uplot canvas').waitFor();
      await page.getByRole('button', { name: 'Zoom in' }).click();
      await page.getByRole('button', { name: 'Show the log of backend' }).click();
    },
  },
  {
    name: 'load check, none yet',
    now: () => situation(),
    path: '/health/load',
    shows: 'No load check yet',
  },
  {
    name: 'load check, before and after',
    now: () => situation({ load: measuredLoad() }),
    path: '/health/load',
    shows: 'Before and after the cutover',
  },
  {
    name: 'load check, a host of others',
    now: () => situation(),
    path: '/health/load',
    shows: 'Type other.example to go on',
    act: async (page) => {
      await page.getByRole('textbox', { name: 'Host' }).fill('https://other.example');
      await page.getByRole('button', { name: 'Start load' }).click();
    },
  },
  { name: 'buckets, none', now: () => situation(), path: '/buckets', shows: 'There is no bucket' },
  {
    name: 'buckets',
    now: () => situation({ buckets: buckets() }),
    path: '/buckets',
    shows: '29.3 MB',
  },
  {
    name: 'buckets, refused',
    now: () => situation({ buckets: new AppError('OBJECTS_AUTH_FAILED', 'The key was refused.') }),
    path: '/buckets',
    shows: 'OBJECTS_AUTH_FAILED',
  },
  {
    name: 'buckets side by side',
    now: () => situation({ buckets: buckets() }),
    path: '/buckets?side=both',
    shows: 'not there yet',
  },
  {
    name: 'folder side by side',
    now: () => situation({ buckets: buckets() }),
    path: '/buckets?side=both&bucket=media&object=media%2Fa.json',
    shows: 'keys compared',
  },
  {
    name: 'folder, empty',
    now: () => situation({ buckets: buckets() }),
    path: '/buckets?side=source&bucket=invoices',
    shows: 'The folder is empty',
  },
  {
    name: 'folder, refused',
    now: () => situation({ buckets: new AppError('OBJECTS_BUCKET_NOT_FOUND', 'There is no bucket media.') }),
    path: folder,
    shows: 'OBJECTS_BUCKET_NOT_FOUND',
  },
  {
    name: 'folder with all chosen',
    now: () => situation({ buckets: buckets() }),
    path: folder,
    shows: 'Everything here is chosen',
    act: async (page) => {
      await page.getByText('Only here').first().waitFor();
      await page.getByRole('grid').focus();
      await page.keyboard.press('Control+a');
    },
  },
  {
    name: 'object',
    now: () => situation({ buckets: buckets() }),
    path: objectPanel,
    shows: '"greeting": "hello"',
  },
  {
    name: 'signed link',
    now: () => situation({ buckets: buckets() }),
    path: objectPanel,
    shows: 'X-Amz-Signature=1',
    act: async (page) => {
      await page.getByRole('button', { name: 'Signed link…' }).click();
      await page.getByRole('button', { name: 'Make link' }).click();
    },
  },
  {
    name: 'delete dialog',
    now: () => situation({ buckets: buckets() }),
    path: folder,
    shows: 'Type media to go on',
    act: async (page) => {
      await page.getByRole('checkbox', { name: 'Choose 2026/' }).check();
      await page.getByRole('button', { name: 'Delete…' }).click();
    },
  },
  ...deployStates,
  { name: 'unknown page', now: () => situation(), path: '/nowhere', shows: 'There is no such page' },
  {
    name: 'command palette',
    now: () => situation({ runs: [copyingRun()] }),
    path: '/',
    shows: 'Pause migration',
    act: async (page) => page.keyboard.press('Control+k'),
  },
  {
    name: 'workspace menu',
    now: () => situation(),
    path: '/',
    shows: 'Open folder…',
    act: async (page) => page.getByRole('button', { name: 'Workspace acme-shop' }).click(),
  },
  {
    name: 'theme menu',
    now: () => situation(),
    path: '/',
    shows: 'As the system',
    act: async (page) => page.getByRole('button', { name: /^Theme/ }).click(),
  },
  {
    name: 'cancel dialog',
    now: () => situation({ runs: [copyingRun()] }),
    path: '/migration',
    shows: 'Keep going',
    act: async (page) => page.getByRole('button', { name: 'Cancel…' }).click(),
  },
];

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(async () => browser.close());

/** Whether the page is wider than its window. Tables scroll in their own box. */
const overflows = async (page: Page) =>
  page.evaluate<boolean>('document.documentElement.scrollWidth > document.documentElement.clientWidth');

const sizes = [
  { name: '1280×800', width: 1280, height: 800 },
  { name: '1024×700', width: 1024, height: 700 },
  { name: '1280×800 at 200% zoom', width: 640, height: 400 },
];

it.each(states)(
  '$name: in both themes and at every size, without a finding of axe or a complaint of the browser',
  async (state) => {
    const opened = await openPage(browser, state.now(), state.path, {
      colorScheme: 'light',
      reducedMotion: 'reduce',
    });
    const { page } = opened;
    try {
      await state.act?.(page);
      await page.getByText(state.shows).first().waitFor();
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        await page.locator(`[data-mantine-color-scheme="${colorScheme}"]`).waitFor();
        expect(await axeViolations(page), colorScheme).toEqual([]);
      }
      for (const { name, width, height } of sizes) {
        await page.setViewportSize({ width, height });
        expect(await overflows(page), name).toBe(false);
      }
      expect(opened.complaints).toEqual([]);
    } finally {
      await opened.close();
    }
  },
);
