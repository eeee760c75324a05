import { defineConfig } from 'vitest/config';

/** Browser tests on the built application; each file starts its own hosts, so two files run side by side. */
export default defineConfig({
  test: {
    // The SDK is only the tests' own second opinion; its advice about Node versions is not about the product.
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
    include: ['tests/e2e/**/*.test.ts'],
    // A busy machine takes its time over what is there at once on an idle one.
    expect: { poll: { timeout: 10_000 } },
    testTimeout: 180_000,
    hookTimeout: 180_000,
    maxWorkers: 2,
  },
});
