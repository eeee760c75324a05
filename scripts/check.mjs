/** `npm run check`: types, lint (with the import rules), format and unused code. Runs all four and then says which failed. */
import { runNode } from './lib.mjs';

const checks = {
  types: [
    ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.node.json'],
    ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.web.json'],
  ],
  lint: [['node_modules/eslint/bin/eslint.js', '.', '--max-warnings', '0']],
  format: [['node_modules/prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.']],
  unused: [['node_modules/knip/bin/knip.js']],
};

const failed = [];
for (const [name, commands] of Object.entries(checks)) {
  const started = Date.now();
  const codes = [];
  for (const command of commands) codes.push(await runNode(command));
  const ok = codes.every((code) => code === 0);
  if (!ok) failed.push(name);
  console.log(`${ok ? 'ok    ' : 'FAILED'} ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
}
if (failed.length > 0) {
  console.error(`Failed: ${failed.join(', ')}.`);
  process.exit(1);
}
