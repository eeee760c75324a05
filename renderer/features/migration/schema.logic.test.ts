import { expect, it } from 'vitest';
import type { SchemaEntryView } from '#shared/contract/schema-entries';
import { changeOf, everything, filterEntries } from './schema.logic';

const entry = (id: string, changes: Partial<SchemaEntryView> = {}): SchemaEntryView => ({
  id,
  type: id.split(' ')[0] ?? '',
  name: id.split(' ')[1] ?? '',
  sql: `create ${id}`,
  decision: 'applied',
  reasons: [],
  chosen: false,
  optional: true,
  ...changes,
});

const entries = [
  entry('TABLE public.orders'),
  entry('FUNCTION public.Audit()', { sql: 'CREATE FUNCTION public.audit() …' }),
  entry('TRIGGER public.orders audit', { decision: 'left-out' }),
];

it('filters by text in names and SQL, by kind and by decision', () => {
  const ids = (changes: Partial<typeof everything>) =>
    filterEntries(entries, { ...everything, ...changes }).map(({ id }) => id);
  expect(ids({})).toHaveLength(3);
  expect(ids({ text: ' AUDIT ' })).toEqual(['FUNCTION public.Audit()', 'TRIGGER public.orders audit']);
  expect(ids({ type: 'TABLE' })).toEqual(['TABLE public.orders']);
  expect(ids({ decision: 'left-out', text: 'function' })).toEqual([]);
});

it('tells what is left out from what hangs on it and from what comes back', () => {
  const tried = [
    entry('TABLE public.orders'),
    entry('FUNCTION public.Audit()', { decision: 'left-out', chosen: true }),
    entry('TRIGGER public.orders audit'),
    entry('COMMENT public.x', { decision: 'left-out' }),
  ];
  expect(changeOf([...entries, entry('COMMENT public.x')], tried)).toEqual({
    leftOut: ['FUNCTION public.Audit()'],
    along: ['COMMENT public.x'],
    back: ['TRIGGER public.orders audit'],
  });
});
