import { defineConfig } from 'vitest/config';

/** Tests against services that the operating system provides (sshd, independent clients); `.ci/run` installs what they need. */
export default defineConfig({
  test: {
    // The SDK is only the tests' own second opinion; its advice about Node versions is not about the product.
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
    include: ['tests/system/**/*.test.ts'],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    fileParallelism: false,
  },
});
