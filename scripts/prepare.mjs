/**
 * Makes the checkout ready: installs what the lock file names when node_modules is not of it, and with the argument `build` builds
 * when the sources are not those of the last build. Plain Node and npm, no package: it runs before anything is installed.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { hashOf, root, run, runNode } from './lib.mjs';

const lockStamp = path.join(root, 'node_modules/.cutover-lock-hash');
const buildStamp = path.join(root, 'out/.source-hash');
const sources = [
  'shared',
  'electron',
  'renderer',
  'practice',
  'resources',
  'electron.vite.config.ts',
  'vite.practice.config.ts',
  'package.json',
  'package-lock.json',
];

function stampIs(file, value) {
  return existsSync(file) && readFileSync(file, 'utf8') === value;
}

function fail(message) {
  console.error(message);
  process.exit(1);
}

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  fail(
    `Cutover needs Node 20.19 or newer; this is ${process.version}. Install a current Node and start again.`,
  );
}

const lock = hashOf(['package-lock.json']);
if (!stampIs(lockStamp, lock)) {
  console.error('Installing packages (npm ci). This takes a minute the first time.');
  const code = await run('npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'], {
    stdio: ['ignore', 2, 2],
  });
  if (code !== 0)
    fail(
      'The packages could not be installed. Check that the npm registry can be reached, then run the same command again.',
    );
  writeFileSync(lockStamp, lock);
}

if (process.argv.includes('build')) {
  const hash = hashOf(sources);
  if (!stampIs(buildStamp, hash)) {
    console.error('Building.');
    const env = { ...process.env, NODE_ENV: 'production' };
    const quiet = { env, stdio: ['ignore', 'ignore', 2] };
    const builds = await Promise.all([
      runNode(['node_modules/electron-vite/bin/electron-vite.js', 'build', '--logLevel', 'warn'], quiet),
      runNode(
        [
          'node_modules/vite/bin/vite.js',
          'build',
          '--config',
          'vite.practice.config.ts',
          '--logLevel',
          'warn',
        ],
        quiet,
      ),
    ]);
    if (builds.some((code) => code !== 0)) fail('The build failed; the lines above say where.');
    mkdirSync(path.dirname(buildStamp), { recursive: true });
    writeFileSync(buildStamp, hash);
  }
}
