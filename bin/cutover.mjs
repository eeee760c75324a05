#!/usr/bin/env -S node --
// The two dashes keep Node 20 from taking --env-file for an option of its own.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const root = path.resolve(import.meta.dirname, '..');
const cli = path.join(root, 'out/main/cli.js');
const prepare = path.join(root, 'scripts/prepare.mjs');

if (!existsSync(cli)) {
  if (!existsSync(prepare)) {
    console.error(`${cli} is missing. Install Cutover again.`);
    process.exit(1);
  }
  console.error('This checkout is not built yet; building it now.');
  const built = spawnSync(process.execPath, [prepare, 'build'], { cwd: root, stdio: ['ignore', 2, 2] });
  if (built.status !== 0 || !existsSync(cli)) {
    console.error('The build failed. Run npm run build to see more.');
    process.exit(1);
  }
}
await import(pathToFileURL(cli).href);
