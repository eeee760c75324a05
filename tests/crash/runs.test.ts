import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lanes } from '#shared/model/run';
import { diskService } from './disk-service';
import { diskState } from './disk-steps';

let workspace = '';
beforeEach(async () => {
  workspace = await mkdtemp(join(tmpdir(), 'cutover-run-'));
});
afterEach(async () => {
  await rm(workspace, { recursive: true, force: true });
});

const never = new AbortController().signal;

test('a run does every step and verifies it', async () => {
  const service = await diskService({ workspace, host: 'cli' });
  const { hash } = await service.plan(lanes, never);
  const { runId } = await service.start({ only: lanes, planHash: hash });
  const view = await service.settled(runId);
  console.log(JSON.stringify(view, null, 1), await diskState(join(workspace, 'target')));
  expect(view.state).toBe('succeeded-with-warnings');
  await service.close();
});
