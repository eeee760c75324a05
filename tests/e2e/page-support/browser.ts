import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { z } from 'zod';
import { startFixtureHost, type Situation } from './fixture-host';

const axeFile = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** Chromium without a window; `CHROMIUM_PATH` names another one than the system's. */
export async function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
    headless: true,
  });
}

export interface OpenPage {
  page: Page;
  origin: string;
  /** Messages that a healthy page does not write: errors, refused styles and scripts. */
  complaints: string[];
  /** Ends the host under the open page. */
  closeHost: () => Promise<void>;
  close: () => Promise<void>;
}

/** Opens the page on a fixture host. `path` is what stands behind the `#`. */
export async function openPage(
  browser: Browser,
  now: Situation,
  path = '/',
  options: BrowserContextOptions = {},
): Promise<OpenPage> {
  const host = await startFixtureHost(now);
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    locale: 'en-GB',
    timezoneId: 'UTC',
    ...options,
  });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  // The part behind the `#` survives the redirect from the address with the token.
  await page.goto(`${host.url}#${path}`);
  // Shortcuts work once the page is drawn.
  await page.getByRole('heading', { level: 1 }).waitFor();
  return {
    page,
    origin: host.origin,
    complaints,
    closeHost: async () => host.close(),
    close: async () => {
      await context.close();
      await host.close();
    },
  };
}

const violationsSchema = z.array(z.object({ id: z.string(), help: z.string(), nodes: z.array(z.string()) }));

/** What axe finds on the page, every rule on. */
export async function axeViolations(page: Page): Promise<z.infer<typeof violationsSchema>> {
  // Through the debugger, since the page's own policy rightly refuses inline scripts.
  await page.evaluate(await readFile(axeFile, 'utf8'));
  const text =
    await page.evaluate<string>(`axe.run().then((result) => JSON.stringify(result.violations.map((violation) => ({
    id: violation.id, help: violation.help, nodes: violation.nodes.map((node) => node.html.slice(0, 200) + ' ' + (node.any[0]?.message ?? '')),
  }))))`);
  return violationsSchema.parse(JSON.parse(text));
}
