import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Browser, Page } from 'playwright-core';
import { launchBrowser, openPage } from './page-support/browser';
import { deployed, earlierRelease } from './page-support/deploy-states';
import { situation } from './page-support/fixture-host';

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(async () => browser.close());

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });

it('releases only what was read, with addresses that are addresses', async () => {
  const now = situation({ deploy: deployed() });
  const { page, close } = await openPage(browser, now, '/deploy', { reducedMotion: 'reduce' });
  const started = () => now.calls.filter(({ name }) => name === 'deploy.start').map(({ input }) => input);
  try {
    await button(page, 'Release…').click();
    await page.getByText('ghcr.io/acme/backend:1.4.1 → 1.4.2').waitFor();
    await page.getByText('SENTRY_DSN').waitFor();
    const addresses = page.getByLabel('Public addresses that must answer afterwards');
    await addresses.fill('shop.example.com');
    await page.getByText('Not an address: shop.example.com').waitFor();
    expect(await button(page, 'Release').isDisabled()).toBe(true);
    await addresses.fill('https://shop.example.com/health');
    await page.getByLabel('Run once before, in the new image').fill('backend: alembic upgrade head');
    await page.getByLabel('Remove the services that are not in the file').check();
    await button(page, 'Release').click();
    await button(page, 'Cancel').waitFor();
    expect(started()).toEqual([
      {
        kind: 'apply',
        source: {},
        probes: ['https://shop.example.com/health'],
        migration: { service: 'backend', command: ['alembic', 'upgrade', 'head'] },
        prune: true,
        limitSeconds: 600,
      },
    ]);
    expect(await button(page, 'Release…').isDisabled()).toBe(true);
    await button(page, 'Cancel').click();
    await expect.poll(() => now.calls.some(({ name }) => name === 'deploy.cancel')).toBe(true);
  } finally {
    await close();
  }
});

it('asks before it rolls back, and for the name before it stops a service', async () => {
  const now = situation({ deploy: deployed() });
  const { page, close } = await openPage(browser, now, '/deploy', { reducedMotion: 'reduce' });
  try {
    await button(page, 'Scale frontend').click();
    await page.getByLabel('How many run').fill('0');
    expect(await button(page, 'Stop frontend').isDisabled()).toBe(true);
    await page.getByLabel('Type frontend to go on').fill('frontend');
    await button(page, 'Back').click();
    expect(now.calls.some(({ name }) => name === 'deploy.start')).toBe(false);
    await button(page, `Roll back to ${earlierRelease}`).click();
    const dialog = page.getByRole('dialog', { name: 'Roll back' });
    await dialog.getByRole('button', { name: `Roll back to ${earlierRelease}` }).click();
    await expect
      .poll(() => now.calls.filter(({ name }) => name === 'deploy.start').map(({ input }) => input))
      .toEqual([{ kind: 'rollback', release: earlierRelease }]);
  } finally {
    await close();
  }
});

it('searches the log of the services', async () => {
  const { page, close } = await openPage(browser, situation({ deploy: deployed() }), '/deploy');
  try {
    const log = page.getByRole('log', { name: 'Log of the services' });
    await log.getByText('GET /products 200').waitFor();
    await page.getByLabel('Search the log').fill('slow');
    await log.getByText('GET /products 200').waitFor({ state: 'detached' });
    await log.getByText('Slow query').waitFor();
  } finally {
    await close();
  }
});
