/**
 * `npm start`: the console in Electron where its binary can be had, otherwise in the browser. With no workspace yet it starts the
 * practice environment. `npm start -- --browser` skips Electron; further arguments go to `cutover open` or `cutover practice`.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root, run, runNode } from './lib.mjs';

const day = 24 * 60 * 60 * 1000;
/** A download that is not done by then is given up; the browser host needs no binary. */
const downloadLimitMs = Number(process.env.CUTOVER_ELECTRON_TIMEOUT_MS ?? 120_000);
const triedStamp = path.join(root, 'node_modules/.cutover-electron-tried');
const electronFolder = path.join(root, 'node_modules/electron');

/** Why Electron can't open a window here, or undefined. */
function noWindow() {
  if (process.argv.includes('--browser')) return 'asked for with --browser';
  if (process.env.CI !== undefined) return 'CI is set';
  if (process.platform === 'linux' && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY)
    return 'there is no display';
  if (process.platform === 'linux' && process.getuid?.() === 0)
    return 'Chromium keeps its sandbox only for an ordinary user, and this is root';
  return undefined;
}

function electronBinary() {
  const pathFile = path.join(electronFolder, 'path.txt');
  if (!existsSync(pathFile)) return undefined;
  const file = path.join(electronFolder, 'dist', readFileSync(pathFile, 'utf8'));
  return existsSync(file) ? file : undefined;
}

async function fetchElectron() {
  const tried = existsSync(triedStamp) ? Number(readFileSync(triedStamp, 'utf8')) : 0;
  if (Date.now() - tried < day) return;
  console.error(
    `Fetching Electron (once, about 110 MB, given up after ${Math.round(downloadLimitMs / 1000)} s).`,
  );
  const code = await runNode([path.join(electronFolder, 'install.js')], {
    timeoutMs: downloadLimitMs,
    stdio: ['ignore', 2, 'ignore'],
  });
  if (code === 0) rmSync(triedStamp, { force: true });
  else writeFileSync(triedStamp, String(Date.now()));
}

const passedOn = process.argv.slice(2).filter((argument) => argument !== '--browser');
const reason = noWindow();
if (reason === undefined && electronBinary() === undefined) await fetchElectron();
const binary = reason === undefined ? electronBinary() : undefined;

if (binary !== undefined) {
  process.exit(await run(binary, ['.', ...passedOn]));
}
console.error(
  `Opening the console in the browser: ${reason ?? 'the Electron binary is not to be had here'}.`,
);
process.exit(await runNode(['--', path.join(root, 'bin/cutover.mjs'), 'open', '--or-practice', ...passedOn]));
