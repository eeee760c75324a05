import type { Comparison } from '#shared/contract/comparison';

/** What a look at the rows of a differing table finds. */
export const comparison: Comparison = {
  at: '2026-11-22T14:30:00Z',
  equal: false,
  evidence: [],
  differences: [
    {
      table: 'public.payments',
      columns: ['id', 'amount', 'note'],
      key: ['id'],
      counts: { missing: 2, extra: 0, changed: 1 },
      complete: true,
      ranges: [
        { kind: 'missing', from: ['101'], to: ['102'], rows: 2 },
        { kind: 'changed', from: ['90017'], to: ['90017'], rows: 1 },
      ],
      rows: [
        { kind: 'missing', key: ['101'], source: ['101', '12.50', null], target: null, differs: [] },
        {
          kind: 'changed',
          key: ['90017'],
          source: ['90017', '1.0', 'paid by card'],
          target: ['90017', '1.00', 'paid by card'],
          differs: [1],
        },
      ],
    },
  ],
};
