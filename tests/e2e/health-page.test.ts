import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Browser, Page } from 'playwright-core';
import { launchBrowser, openPage } from './page-support/browser';
import { watched } from './page-support/fixture-health';
import { situation, type Situation } from './page-support/fixture-host';
import { measuredLoad } from './page-support/fixture-load';

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(async () => browser.close());

async function withPage(now: Situation, path: string, body: (page: Page) => Promise<void>): Promise<void> {
  const opened = await openPage(browser, now, path, { reducedMotion: 'reduce' });
  try {
    await body(opened.page);
    expect(opened.complaints).toEqual([]);
  } finally {
    await opened.close();
  }
}

const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: true });
const called = (now: Situation, name: string) =>
  now.calls.filter((call) => call.name === name).map((call) => call.input);

it('loads a host of the settings at once and another one only after its name was typed', async () => {
  const now = situation({ health: watched(), load: { ...measuredLoad(), results: [] } });
  await withPage(now, '/health', async (page) => {
    await page.getByRole('link', { name: 'Load check…' }).click();
    await page.getByRole('textbox', { name: 'Routes' }).fill('/health\n/api/orders');
    await page.getByRole('textbox', { name: 'Users at once' }).fill('50');
    await button(page, 'Start load').click();
    await page.getByText('Under load').waitFor();
    await page.getByText('Passed').waitFor();
    expect(called(now, 'load.start')).toMatchObject([
      { check: { origin: 'https://api.example.com', paths: ['/health', '/api/orders'], users: 50 } },
    ]);

    await page.getByRole('textbox', { name: 'Host' }).fill('https://other.example');
    await button(page, 'Start load').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox', { name: 'Type other.example to go on' }).fill('other.exampl');
    expect(await dialog.getByRole('button', { name: 'Start load' }).isDisabled()).toBe(true);
    await dialog.getByRole('textbox').fill('other.example');
    await dialog.getByRole('button', { name: 'Start load' }).click();
    await page.getByText('Under load').waitFor();
    expect(called(now, 'load.start').at(-1)).toMatchObject({ consent: 'other.example' });
  });
});

it('keeps checks and maintenance windows that an operator adds', async () => {
  const now = situation({ health: watched() });
  await withPage(now, '/health', async (page) => {
    await button(page, 'Settings…').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Add a check…' }).click();
    await dialog.getByRole('textbox', { name: 'Name', exact: true }).fill('Shop status');
    await dialog
      .getByRole('textbox', { name: 'Address', exact: true })
      .fill('https://shop.example.com/status');
    await dialog.getByRole('button', { name: 'Take into the list' }).click();
    await dialog.getByRole('textbox', { name: 'Disks of the host' }).fill('70');
    await dialog.getByRole('textbox', { name: 'Reason' }).fill('Upgrade');
    await dialog.getByLabel('From', { exact: true }).fill('2026-12-01T22:00');
    await dialog.getByLabel('Until', { exact: true }).fill('2026-12-01T23:00');
    await dialog.getByRole('button', { name: 'Add window' }).click();
    await dialog.getByRole('button', { name: 'Save settings' }).click();
    await dialog.waitFor({ state: 'hidden' });
    expect(called(now, 'health.configure')).toMatchObject([
      {
        limits: { diskPercent: 70, memoryPercent: 93 },
        custom: [{ kind: 'http', id: 'shop-status', url: 'https://shop.example.com/status' }],
        maintenance: [
          { from: '2026-12-01T22:00:00.000Z', to: '2026-12-01T23:00:00.000Z', reason: 'Upgrade' },
        ],
      },
    ]);
  });
});

it('zooms by dragging over the chart and by buttons, and shows all again', async () => {
  const now = situation({ health: watched() });
  await withPage(now, '/health?service=backend', async (page) => {
    const zoomed = page.getByRole('heading', { name: /^backend · latency, \d+ \w+ \d{4}, .* to / });
    // The chart is drawn anew when its figures come; a hand that was early drags again.
    await expect
      .poll(
        async () => {
          const box = await page.locator('.u-over').boundingBox();
          if (box === null) return false;
          await page.mouse.move(box.x + box.width * 0.25, box.y + 40);
          await page.mouse.down();
          await page.mouse.move(box.x + box.width * 0.75, box.y + 40, { steps: 4 });
          await page.mouse.up();
          return zoomed.isVisible();
        },
        { timeout: 20_000, interval: 500 },
      )
      .toBe(true);
    await button(page, 'Whole range').click();
    await page.getByRole('heading', { name: 'backend · latency, last hour' }).waitFor();
    await page.getByRole('img', { name: /95th percentile 121 ms \(goal 200 ms\)/ }).waitFor();
  });
});

it('tells the uptime of every service when it is asked for', async () => {
  const now = situation({ health: watched() });
  await withPage(now, '/health', async (page) => {
    await button(page, 'Show uptime').click();
    const table = page.getByRole('table', { name: 'Uptime of the services' });
    await table.getByText('99.69%').waitFor();
    await button(page, 'Hide uptime').click();
    await table.waitFor({ state: 'hidden' });
  });
});

it('fills the screen with the worst first, and leaves that with Escape', async () => {
  const now = situation({ health: watched() });
  await withPage(now, '/health', async (page) => {
    await button(page, 'Wall view').click();
    const wall = page.getByRole('region', { name: 'Wall view' });
    const names = await wall.getByRole('listitem').locator('strong').allTextContents();
    expect(names.slice(0, 3)).toEqual(['backend', 'celery', 'Easypanel host']);
    await page.keyboard.press('Escape');
    await wall.waitFor({ state: 'hidden' });
    await button(page, 'Wall view').waitFor();
  });
});
