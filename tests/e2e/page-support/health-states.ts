import { AppError } from '#shared/model/errors';
import { watched } from './fixture-health';
import { situation } from './fixture-host';
import { measuredLoad } from './fixture-load';
import type { PageState } from './page-state';

/** Health and the load check. */
export const healthStates: PageState[] = [
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
];
