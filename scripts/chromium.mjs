import { existsSync } from 'node:fs';
import path from 'node:path';
import { run, runNode } from './lib.mjs';

const names = [
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
  'chrome',
  'microsoft-edge',
];
const wellKnown = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
];

function onPath() {
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  return [...folders.flatMap((folder) => names.map((name) => path.join(folder, name))), ...wellKnown].find(
    (file) => existsSync(file),
  );
}

async function playwrightsOwn() {
  const { chromium } = await import('playwright-core');
  const file = chromium.executablePath();
  return existsSync(file) ? file : undefined;
}

async function found() {
  return onPath() ?? (await playwrightsOwn());
}

/**
 * The Chromium that browser tests use: `CHROMIUM_PATH`, one of the system's, or one that can be installed (Playwright's download, or
 * Debian's package as root). Throws an Error that says what to do when there is none.
 */
export async function findChromium() {
  const own = process.env.CHROMIUM_PATH;
  if (own !== undefined) {
    if (existsSync(own)) return own;
    throw new Error(`CHROMIUM_PATH is ${own}, and there is no such file. Correct it or unset it.`);
  }
  const present = await found();
  if (present !== undefined) return present;
  console.error('No Chromium found: trying to install one.');
  const isRoot = process.getuid?.() === 0;
  if (isRoot && existsSync('/usr/bin/apt-get')) {
    const quiet = {
      stdio: ['ignore', 'ignore', 2],
      timeoutMs: 300_000,
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    };
    await run('apt-get', ['update', '-qq'], quiet);
    await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium'], quiet);
  } else {
    await runNode(['node_modules/playwright-core/cli.js', 'install', 'chromium'], {
      timeoutMs: 300_000,
      stdio: ['ignore', 2, 2],
    });
  }
  const installed = await found();
  if (installed !== undefined) return installed;
  throw new Error(
    'The browser tests need Chromium, and none could be installed. Install Chromium or Chrome (Debian: apt-get install chromium), or set CHROMIUM_PATH to its executable, then run npm test again.',
  );
}
