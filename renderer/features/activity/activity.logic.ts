import type { ActivityArea, ActivityEntry } from '#shared/model/activity';
import type { Tone } from '../../ui/tag';

export const areaNames: Record<ActivityArea, string> = {
  users: 'Users',
  buckets: 'Buckets',
  migration: 'Migration',
  deploy: 'Deploy',
  health: 'Health',
  connections: 'Connections',
  exposure: 'Exposure',
};

export const outcomes: Record<ActivityEntry['outcome'], { label: string; tone: Tone }> = {
  done: { label: 'Done', tone: 'ok' },
  partial: { label: 'In part', tone: 'warn' },
  failed: { label: 'Failed', tone: 'bad' },
};

/** What an act changed, one line a member: `ban: none → 24h`. Members that stayed as they were are left out. */
export function changesOf({ before = {}, after = {} }: Pick<ActivityEntry, 'before' | 'after'>): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.flatMap((name) => {
    const [old, now] = [textOf(before[name]), textOf(after[name])];
    if (old === now) return [];
    return [`${name}: ${old} → ${now}`];
  });
}

function textOf(value: unknown): string {
  if (value === undefined || value === null || value === '') return 'none';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
