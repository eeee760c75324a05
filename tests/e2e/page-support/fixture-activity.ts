import type { ActivityEntry } from '#shared/model/activity';

/** One act of each outcome, one of them with very long texts. */
export function acts(): ActivityEntry[] {
  const act = { at: '2026-11-22T14:02:00.000Z', by: 'ada@console', host: 'browser' as const };
  return [
    {
      ...act,
      id: '3',
      area: 'users',
      action: 'user.ban',
      target: 'grace@example.org',
      outcome: 'done',
      before: { ban: null },
      after: { ban: '24h' },
    },
    {
      ...act,
      id: '2',
      area: 'buckets',
      action: 'objects.delete',
      target: 'media/'.repeat(60),
      outcome: 'partial',
      detail: '3 of 10,000 objects could not be deleted.',
    },
    {
      ...act,
      id: '1',
      area: 'migration',
      action: 'run.end',
      target: '20261122T140200Z-abc123',
      outcome: 'failed',
    },
  ];
}
