import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Browser, Page } from 'playwright-core';
import { axeViolations, launchBrowser, openPage } from './page-support/browser';
import { activityStates } from './page-support/activity-states';
import { bucketsStates } from './page-support/buckets-states';
import { connectionsStates } from './page-support/connections-states';
import { deployStates } from './page-support/deploy-states';
import { frameStates } from './page-support/frame-states';
import { healthStates } from './page-support/health-states';
import { migrationStates } from './page-support/migration-states';
import { migrationPagesStates } from './page-support/migration-pages-states';
import { usersStates } from './page-support/users-states';

const states = [
  ...frameStates,
  ...connectionsStates,
  ...migrationStates,
  ...migrationPagesStates,
  ...usersStates,
  ...activityStates,
  ...healthStates,
  ...bucketsStates,
  ...deployStates,
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
