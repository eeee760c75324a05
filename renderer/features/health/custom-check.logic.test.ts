import { expect, test } from 'vitest';
import { emptyDraft, parseCustomCheck } from './custom-check.logic';

test('a check takes its id from its name, and none twice', () => {
  const draft = { ...emptyDraft, title: ' Übersicht: Shop! ', url: 'https://shop.example.com/' };
  expect(parseCustomCheck(draft, [])).toMatchObject({
    check: { kind: 'http', id: 'bersicht-shop', title: 'Übersicht: Shop!', status: 200, intervalSeconds: 30 },
  });
  expect(parseCustomCheck(draft, ['bersicht-shop'])).toMatchObject({ check: { id: 'bersicht-shop-2' } });
  expect(parseCustomCheck({ ...draft, title: '漢字' }, [])).toMatchObject({ check: { id: 'check' } });
});

test('only the fields of its kind count, and what is wrong stands at its field', () => {
  const tcp = { ...emptyDraft, kind: 'tcp' as const, title: 'mail', host: 'mail.example.com', port: '25' };
  expect(parseCustomCheck(tcp, [])).toEqual({
    check: {
      kind: 'tcp',
      id: 'mail',
      title: 'mail',
      host: 'mail.example.com',
      port: 25,
      intervalSeconds: 30,
    },
  });
  const sql = {
    ...emptyDraft,
    kind: 'sql' as const,
    title: '',
    query: 'select 1',
    max: 'many',
    intervalSeconds: '1',
  };
  const parsed = parseCustomCheck(sql, []);
  expect(Object.keys('wrong' in parsed ? parsed.wrong : {}).toSorted()).toEqual([
    'intervalSeconds',
    'max',
    'title',
  ]);
  expect(parseCustomCheck({ ...sql, title: 'open', max: '5', intervalSeconds: '60' }, [])).toMatchObject({
    check: { max: 5, database: 'target' },
  });
});
