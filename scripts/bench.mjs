/**
 * `npm run bench -- NAME [OPTIONS]`: runs bench/NAME.ts, a measured comparison that prints its figures. Without a name it lists what can be
 * measured.
 */
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { root, runNode } from './lib.mjs';

const [name, ...options] = process.argv.slice(2);
const folder = path.join(root, 'bench');
const names = readdirSync(folder)
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.slice(0, -3));
if (name === undefined || !/^[a-z-]+$/.test(name) || !existsSync(path.join(folder, `${name}.ts`))) {
  console.error(`What to measure? One of: ${names.join(', ')}. For example: npm run bench -- ${names[0]}`);
  process.exit(2);
}
process.exit(await runNode(['--import', 'tsx', path.join('bench', `${name}.ts`), ...options]));
