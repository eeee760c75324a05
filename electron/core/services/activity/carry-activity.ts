import { toAppError } from '#shared/model/errors';
import type { UserDelta } from '#shared/model/users-report';
import type { ActivityLog } from './activity-log';

/** Records that changed users were carried over: how many of each kind, or why it failed. */
export async function noteCarried(log: ActivityLog, work: () => Promise<UserDelta>): Promise<UserDelta> {
  const entry = {
    area: 'migration',
    action: 'users.carry',
    target: 'users changed since the import',
  } as const;
  let delta: UserDelta;
  try {
    delta = await work();
  } catch (error) {
    await log.record({ ...entry, outcome: 'failed', detail: toAppError(error).message });
    throw error;
  }
  const { applied: _applied, clashes, ...after } = delta;
  await log.record({
    ...entry,
    outcome: clashes.length === 0 ? 'done' : 'partial',
    after,
    ...(clashes.length === 0 ? {} : { detail: `Not carried: ${clashes.join(', ')}` }),
  });
  return delta;
}
