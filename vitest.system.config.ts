import { defineConfig } from 'vitest/config';

/** Tests against services that the operating system provides (sshd, independent clients); `.ci/run` installs what they need. */
export default defineConfig({
  test: {
    include: ['tests/system/**/*.test.ts'],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    fileParallelism: false,
  },
});
