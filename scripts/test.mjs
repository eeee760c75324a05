/** `npm test`: the checks, then every test that needs nothing but npm packages and a Chromium. Prints one closing line with the counts. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findChromium } from './chromium.mjs';
import { runNode } from './lib.mjs';

const scratch = mkdtempSync(path.join(tmpdir(), 'cutover-test-'));
const counts = { passed: 0, failed: 0 };

async function vitest(config, env) {
  const report = path.join(scratch, `${config}.json`);
  const code = await runNode(
    [
      'node_modules/vitest/vitest.mjs',
      'run',
      '--config',
      config,
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
    ],
    { env },
  );
  try {
    const result = JSON.parse(readFileSync(report, 'utf8'));
    counts.passed += result.numPassedTests;
    counts.failed += result.numFailedTests;
  } catch {
    counts.failed += 1;
  }
  return code;
}

let chromium;
try {
  chromium = await findChromium();
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
const env = { ...process.env, CHROMIUM_PATH: chromium };
const codes = [await runNode(['scripts/check.mjs'])];
codes.push(await vitest('vitest.config.ts', env));
codes.push(await vitest('vitest.e2e.config.ts', env));
rmSync(scratch, { recursive: true, force: true });
if (codes[0] !== 0) console.error('npm run check failed; see above.');
console.log(`${counts.passed} passed, ${counts.failed} failed`);
process.exit(codes.every((code) => code === 0) ? 0 : 1);
