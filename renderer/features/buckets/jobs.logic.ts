import type { BucketJob } from '#shared/model/buckets';
import { formatCount } from '../../ui/format';
import type { Tone } from '../../ui/tag';

const verbs: Record<BucketJob['kind'], { doing: string; done: string; place: string }> = {
  delete: { doing: 'Deleting', done: 'Deleted', place: 'in' },
  copy: { doing: 'Copying', done: 'Copied', place: 'to' },
  move: { doing: 'Moving', done: 'Moved', place: 'to' },
  save: { doing: 'Saving', done: 'Saved', place: 'from' },
};

export const jobStates: Record<BucketJob['state'], { label: string; tone: Tone }> = {
  running: { label: 'Running', tone: 'run' },
  done: { label: 'Done', tone: 'ok' },
  partial: { label: 'In part', tone: 'warn' },
  failed: { label: 'Failed', tone: 'bad' },
  stopped: { label: 'Stopped', tone: 'idle' },
};

/** What a long act is, or was: `Deleting 12 objects in media`. */
export function jobTitle({ kind, state, title, bucket }: BucketJob): string {
  const { doing, done, place } = verbs[kind];
  return `${state === 'running' ? doing : done} ${title} ${place} ${bucket}`;
}

/** How far it got: `9,997 of 10,000, 3 failed`. */
export function jobSums({ done, total, failed, skipped }: BucketJob): string {
  return [
    total === undefined ? `${formatCount(done)} objects` : `${formatCount(done)} of ${formatCount(total)}`,
    ...(skipped === 0 ? [] : [`${formatCount(skipped)} were there already`]),
    ...(failed === 0 ? [] : [`${formatCount(failed)} failed`]),
  ].join(', ');
}

/** The part that has been dealt with, 0 to 1. */
export function jobFraction({ done, failed, skipped, total, state }: BucketJob): number {
  if (total === undefined || total === 0) return state === 'running' ? 0 : 1;
  return (done + failed + skipped) / total;
}
