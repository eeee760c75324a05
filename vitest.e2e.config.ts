import path from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The files that take longest. One of them begun last would run on alone, on one of two cores. */
const long = ['page-states', 'migration-page', 'failures-page', 'failures', 'page-flows', 'migration-cli'];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const found = long.indexOf(path.basename(moduleId, '.test.ts'));
      return found < 0 ? long.length : found;
    };
    return (await super.sort(files)).toSorted((a, b) => place(a) - place(b));
  }
}

/** Browser tests on the built application; each file starts its own hosts, so two files run side by side. */
export default defineConfig({
  test: {
    // The SDK is only the tests' own second opinion; its advice about Node versions is not about the product.
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
    include: ['tests/e2e/**/*.test.ts'],
    sequence: { sequencer: LongestFirst },
    // A busy machine takes its time over what is there at once on an idle one.
    expect: { poll: { timeout: 10_000 } },
    testTimeout: 180_000,
    hookTimeout: 180_000,
    maxWorkers: 2,
  },
});
