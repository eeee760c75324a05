/**
 * `npm test`: the checks, then every test that needs nothing but npm packages and a Chromium. `npm run test:system` (argument `system`): the
 * tests that need programs of the operating system; further arguments choose files (`npm run test:system -- migration-kill`). Ends with the
 * tests that failed and one line that counts all.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findChromium } from './chromium.mjs';
import { runNode } from './lib.mjs';

const scratch = mkdtempSync(path.join(tmpdir(), 'cutover-test-'));
const counts = { passed: 0, failed: 0 };
const failed = [];
let green = true;

async function vitest(config, env, files = []) {
  const report = path.join(scratch, `${config}.json`);
  const code = await runNode(
    [
      'node_modules/vitest/vitest.mjs',
      'run',
      ...files,
      '--config',
      config,
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
    ],
    { env },
  );
  green &&= code === 0;
  try {
    const result = JSON.parse(readFileSync(report, 'utf8'));
    counts.passed += result.numPassedTests;
    counts.failed += result.numFailedTests;
    for (const file of result.testResults) {
      const name = path.relative(process.cwd(), file.name);
      const tests = file.assertionResults.filter(({ status }) => status === 'failed');
      for (const test of tests)
        failed.push(`${name}: ${test.fullName}\n  ${test.failureMessages.join('\n  ')}`);
      if (file.status === 'failed' && tests.length === 0) failed.push(`${name}: ${file.message}`);
    }
  } catch {
    counts.failed += 1;
  }
}

let chromium;
try {
  chromium = await findChromium();
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
const env = { ...process.env, CHROMIUM_PATH: chromium };
if (process.argv.includes('system')) {
  const files = process.argv.slice(2).filter((argument) => argument !== 'system');
  await vitest('vitest.system.config.ts', env, files);
} else {
  // Side by side: the checks use one core, and the tests wait a good part of their time.
  const [check] = await Promise.all([runNode(['scripts/check.mjs']), vitest('vitest.config.ts', env)]);
  const checked = check === 0;
  await vitest('vitest.e2e.config.ts', env);
  if (!checked) console.error('npm run check failed; see above.');
  green &&= checked;
}
rmSync(scratch, { recursive: true, force: true });
// Again at the end, where a log that was cut off still has it.
for (const failure of failed) console.error(`failed: ${failure}`);
console.log(`${counts.passed} passed, ${counts.failed} failed`);
process.exit(green ? 0 : 1);
