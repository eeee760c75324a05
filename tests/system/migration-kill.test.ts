import { afterAll, beforeAll, expect, test } from 'vitest';
import { killedMigration } from '../support/kill';
import { type RunningPractice, startPracticeCommand } from '../support/practice';

/** A longer run: `CUTOVER_KILLS=200 npm run test:system -- migration-kill`. */
const kills = Number(process.env['CUTOVER_KILLS'] ?? '20');

let practice: RunningPractice;
beforeAll(async () => {
  practice = await startPracticeCommand();
});
afterAll(async () => {
  await practice.stop();
});

test(
  `${kills} kills at random moments over several migrations: each ends equal`,
  { timeout: Math.max(900_000, kills * 15_000) },
  async () => {
    let done = 0;
    while (done < kills) {
      const result = await killedMigration(practice, Math.min(8, kills - done), 2500);
      done += result.kills;
      expect(result.code, result.output).toBe(0);
      expect(result.databases.target).toEqual(result.databases.source);
      expect(result.objects.target).toEqual(result.objects.source);
    }
  },
);
