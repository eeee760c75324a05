import { afterAll, beforeAll, expect, test } from 'vitest';
import { killedMigration } from '../support/kill';
import { type RunningPractice, startPracticeCommand } from '../support/practice';

let practice: RunningPractice;
beforeAll(async () => {
  practice = await startPracticeCommand();
});
afterAll(async () => {
  await practice.stop();
});

test('a run that is killed at random moments and resumed each time ends equal', async () => {
  const result = await killedMigration(practice, 8, 1500);
  expect(result.kills).toBeGreaterThan(0);
  expect(result.output).toContain('"type":"result"');
  expect(result.databases.target).toEqual(result.databases.source);
  expect(result.objects.target).toEqual(result.objects.source);
});
