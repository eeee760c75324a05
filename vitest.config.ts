import { defineConfig } from 'vitest/config';

/** Unit, contract, crash, security and integration tests: everything but the browser and the system suite. */
export default defineConfig({
  test: {
    include: [
      '{shared,electron,renderer,practice,scripts}/**/*.test.{ts,tsx}',
      'tests/{contract,desktop,integration,crash,security}/**/*.test.ts',
    ],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
  },
});
