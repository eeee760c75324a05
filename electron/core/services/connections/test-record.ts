import path from 'node:path';
import { z } from 'zod';
import { connectionTestSchema, type ConnectionTest } from '#shared/contract/connections';
import { endSchema, type End } from '#shared/model/settings';
import { jsonFile, type JsonFile } from '../workspaces/json-file';

const recordSchema = z.object({
  version: z.literal(1),
  tests: z.partialRecord(endSchema, connectionTestSchema),
});

/** The last test of each end, in `connection-tests.json` of a workspace. Holds no secret. */
export interface TestRecord {
  read(): Promise<Partial<Record<End, ConnectionTest>>>;
  write(test: ConnectionTest): Promise<void>;
  /** Drops the tests of ends whose settings changed. */
  drop(ends: readonly End[]): Promise<void>;
}

/** The record in a workspace's folder. A damaged one counts as empty: a test can be done again. */
export function testRecord(folder: string): TestRecord {
  const file: JsonFile<z.infer<typeof recordSchema>> = jsonFile(
    path.join(folder, 'connection-tests.json'),
    recordSchema.catch({ version: 1, tests: {} }),
  );
  const read = async () => (await file.read().catch(() => undefined))?.tests ?? {};
  return {
    read,
    write: async (test) => {
      await file.update((current) => ({ version: 1, tests: { ...current?.tests, [test.end]: test } }));
    },
    drop: async (ends) => {
      const present = await read();
      if (!ends.some((end) => present[end] !== undefined)) return;
      await file.update((current) => {
        const tests: Partial<Record<End, ConnectionTest>> = {};
        for (const test of Object.values(current?.tests ?? {})) {
          if (!ends.includes(test.end)) tests[test.end] = test;
        }
        return { version: 1, tests };
      });
    },
  };
}
