import { defineConfig } from 'vitest/config';

/** Unit, contract, crash, security and integration tests: everything but the browser and the system suite. */
export default defineConfig({
  test: {
    // The SDK is only the tests' own second opinion; its advice about Node versions is not about the product.
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
    include: [
      '{shared,electron,renderer,practice,scripts}/**/*.test.{ts,tsx}',
      'tests/{contract,desktop,integration,crash,security}/**/*.test.ts',
    ],
    // A busy machine takes its time over what is there at once on an idle one.
    expect: { poll: { timeout: 10_000 } },
    testTimeout: 60_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
  },
});
