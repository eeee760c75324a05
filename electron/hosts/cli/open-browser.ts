import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { withoutSettings } from './child-env';

/** A browser that was already open needs a moment to read the file. */
const keepFileMs = 30_000;

/**
 * Opens an address in the system's browser. The address holds a token, and everybody on the machine can read command lines: the browser
 * gets the path of a private file that leads on to the address. Resolves with false when there is no browser to start.
 */
export async function openInBrowser(
  url: string,
  dataDir: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<boolean> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const file = path.join(dataDir, `open-${randomBytes(8).toString('hex')}.html`);
  const page = `<!doctype html><meta charset="utf-8"><title>Cutover</title><meta http-equiv="refresh" content="0;url=${url}">`;
  await writeFile(file, page, { mode: 0o600 });
  setTimeout(() => void rm(file, { force: true }), keepFileMs).unref();
  process.once('exit', () => rmSync(file, { force: true }));
  const [command, ...args] = openerFor(file);
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: 'ignore', detached: true, env: withoutSettings(env) });
    child.once('error', () => resolve(false));
    child.once('spawn', () => {
      child.unref();
      resolve(true);
    });
  });
}

function openerFor(file: string): [string, ...string[]] {
  if (process.platform === 'darwin') return ['open', file];
  if (process.platform === 'win32') return ['explorer.exe', file];
  return ['xdg-open', file];
}
