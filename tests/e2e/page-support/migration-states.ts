import { expect } from 'vitest';
import type { Page } from 'playwright-core';
import { AppError } from '#shared/model/errors';
import { listedDetails } from '#shared/model/failed-objects';
import { emptyEnds, workspace } from './fixture-connections';
import { report } from './fixture-inspection';
import { steps } from './fixture-plan';
import { failure, situation } from './fixture-host';
import { copiedRun, copyingRun, evidence, FixtureRun, succeededRun } from './fixture-run';
import type { PageState } from './page-state';

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

function differingRun(): FixtureRun {
  return copiedRun()
    .verified('data', evidence(true))
    .state('failed', failure('VERIFICATION_DIFFERS', '1 of 20 comparisons differs.'));
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

const prepare = async (page: Page) => page.getByRole('button', { name: 'Start migration' }).click();

const longName = 'a_very_long_name_'.repeat(8);

/** A run from its start to its end. */
export const migrationStates: PageState[] = [
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
    now: () => situation({ runs: [differingRun()] }),
    path: '/migration',
    shows: '1 of 20 comparisons differ',
  },
  {
    name: 'differing rows side by side',
    now: () => situation({ runs: [differingRun()] }),
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
    name: 'cancel dialog',
    now: () => situation({ runs: [copyingRun()] }),
    path: '/migration',
    shows: 'Keep going',
    act: async (page) => page.getByRole('button', { name: 'Cancel…' }).click(),
  },
];
