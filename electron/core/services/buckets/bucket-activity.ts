import type { BucketJob } from '#shared/model/buckets';
import { counted } from '#shared/model/counted';
import type { ActivityLog } from '../activity/activity-log';
import type { CopyOrder } from './copy-objects';

/** Keys that an entry of the log names one by one. */
const keysNamed = 20;
const failuresNamed = 5;

interface Chosen {
  keys: readonly string[];
  prefixes: readonly string[];
}

/** As a sentence names a choice: `photos/a.jpg`, `12 objects and 2 folders`. */
export function titleOf({ keys, prefixes }: Chosen): string {
  const only = keys.length + prefixes.length === 1 ? (keys[0] ?? prefixes[0]) : undefined;
  if (only !== undefined) return only;
  const parts = [
    ...(keys.length === 0 ? [] : [counted(keys.length, 'object')]),
    ...(prefixes.length === 0 ? [] : [counted(prefixes.length, 'folder')]),
  ];
  return parts.join(' and ');
}

/** Writes down how a long act ended. */
export function noteJob(log: ActivityLog, job: BucketJob, chosen: Chosen, order?: CopyOrder): Promise<void> {
  const { done, failed, skipped, bytes } = job;
  return log.record({
    area: 'buckets',
    action: `objects.${job.kind}`,
    target:
      order === undefined
        ? `${job.bucket}/${titleOf(chosen)}`
        : `${order.from.side} ${order.from.bucket}/${titleOf(chosen)} to ${order.to.bucket}/${order.rename ?? order.to.prefix}`,
    outcome: outcomeOf(job),
    before: { ...named('keys', chosen.keys), ...named('prefixes', chosen.prefixes) },
    after: { state: job.state, done, failed, skipped, ...(order === undefined ? {} : { bytes }) },
    ...detailOf(job),
  });
}

function outcomeOf({ state, done }: BucketJob): 'done' | 'partial' | 'failed' {
  switch (state) {
    case 'done':
      return 'done';
    case 'failed':
      return 'failed';
    case 'running':
    case 'partial':
    case 'stopped':
      return done === 0 && state !== 'stopped' ? 'failed' : 'partial';
  }
}

function detailOf({ failed, failures, error, state }: BucketJob): { detail?: string } {
  const told = failures.slice(0, failuresNamed).map(({ key, message }) => `${key} (${message})`);
  const parts = [
    ...(state === 'stopped' ? ['Stopped by the operator.'] : []),
    ...(error === undefined ? [] : [error.message]),
    ...(failed === 0
      ? []
      : [`${failed} could not be dealt with: ${told.join(', ')}${failed > told.length ? ', …' : ''}`]),
  ];
  return parts.length === 0 ? {} : { detail: parts.join(' ') };
}

function named(name: string, keys: readonly string[]): Record<string, string[] | number> {
  if (keys.length === 0) return {};
  return keys.length <= keysNamed
    ? { [name]: [...keys] }
    : { [name]: keys.slice(0, keysNamed), [`further ${name}`]: keys.length - keysNamed };
}
