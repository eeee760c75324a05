import { existsSync } from 'node:fs';
import path from 'node:path';
import { AppError } from '#shared/model/errors';
import { createHandlers } from '../../core/api/handlers';
import type { Core } from '../../core/core';
import { startBrowserHost } from '../browser/browser-host';
import { coreTransfers } from '../transfers/core-transfers';
import { coreMetrics } from '../browser/metrics';
import type { CommandContext } from './context';
import { openInBrowser } from './open-browser';

export interface PageOptions {
  port?: number;
  /** False: only the address is printed. */
  open: boolean;
}

/** Serves the console on loopback until the command is told to stop. `ready` is called with the address. */
export async function servePage(
  context: CommandContext,
  core: Core,
  options: PageOptions,
  ready: (url: string) => Promise<void>,
): Promise<void> {
  const { installation, signal, dataDir, env, output } = context;
  if (!existsSync(path.join(installation.pageDir, 'index.html'))) {
    throw new AppError('INTERNAL', 'The page of the console is not built.', {
      hint: 'In a checkout run: npm run build.',
    });
  }
  const host = await startBrowserHost({
    handlers: createHandlers(core),
    transfers: coreTransfers(core),
    metrics: coreMetrics(core, env),
    pageDir: installation.pageDir,
    ...(options.port === undefined ? {} : { port: options.port }),
  });
  try {
    await ready(host.url);
    if (options.open && !(await openInBrowser(host.url, dataDir, env))) {
      output.note('No browser could be started here. Open the address yourself.');
    }
    await untilAborted(signal);
  } finally {
    await host.close();
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
