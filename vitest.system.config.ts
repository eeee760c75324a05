import { defineConfig } from 'vitest/config';

/** Tests that keep both cores busy, start Docker engines, or measure time: one file at a time. */
const alone = ['application', 'health-*', 'load-check', 'release*'].map(
  (name) => `tests/system/${name}.test.ts`,
);

/** Tests against services that the operating system provides (sshd, independent clients); `.ci/run` installs what they need. */
export default defineConfig({
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'side by side',
          include: ['tests/system/**/*.test.ts'],
          exclude: alone,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: 'alone', include: alone, fileParallelism: false, sequence: { groupOrder: 1 } },
      },
    ],
    // The SDK is only the tests' own second opinion; its advice about Node versions is not about the product.
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
    expect: { poll: { timeout: 10_000 } },
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
