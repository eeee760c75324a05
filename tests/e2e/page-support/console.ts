import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Browser, Locator, Page } from 'playwright-core';
import { z } from 'zod';
import { spawnCli } from '../../support/cli';

/** The built page on a host of its own, as `cutover open` serves it. */
export interface RunningConsole {
  page: Page;
  /** Goes to what stands behind the `#`. */
  go(path: string): Promise<void>;
  close(): Promise<void>;
}

/** Starts `cutover open` on a workspace and opens its page. `path` is what stands behind the `#`. */
export async function openConsole(
  browser: Browser,
  workspace: string,
  env: Record<string, string>,
  path = '/migration',
): Promise<RunningConsole> {
  const host = spawnCli(['open', '--no-open', '--json', '--workspace', workspace], env);
  let complaints = '';
  host.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
  const line = await Promise.race([
    once(createInterface({ input: host.stdout }), 'line').then(([text]) => String(text)),
    once(host, 'exit').then(() => {
      throw new Error(`cutover open ended before it was ready: ${complaints}`);
    }),
  ]);
  const { url } = z.object({ url: z.string() }).parse(JSON.parse(line));
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-GB' });
  const { origin } = new URL(url);
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin });
  const page = await context.newPage();
  await page.goto(`${url}#${path}`);
  return {
    page,
    go: async (next) => {
      await page.goto(`${origin}/#${next}`);
    },
    close: async () => {
      await context.close();
      const exited = host.exitCode === null ? once(host, 'exit') : undefined;
      host.kill('SIGTERM');
      await exited;
    },
  };
}

/** A button of the page by its whole name. */
export const button = (within: Page | Locator, name: string): Locator =>
  within.getByRole('button', { name, exact: true });

/** The panel of a problem with this code. */
export const problem = (page: Page, code: string): Locator =>
  page.getByRole('group', { name: /^Problem/ }).filter({ hasText: code });

/** From the start page over the plan to a run. */
export async function startMigration(page: Page): Promise<void> {
  await page
    .getByRole('button', { name: /^(Start|New) migration$/ })
    .first()
    .click();
  await button(page, 'Start copying').click();
}

/** What a press on Copy details puts on the clipboard. */
export async function copiedDetails(within: Locator): Promise<string> {
  await button(within, 'Copy details').click();
  await within.page().getByText('Copied.').first().waitFor();
  return within.page().evaluate<string>('navigator.clipboard.readText()');
}

/** Waits for the verified end. */
export async function arrived(page: Page): Promise<void> {
  await page.getByRole('heading', { name: /^Everything has arrived/ }).waitFor({ timeout: 60_000 });
}
