import { expect, test } from 'vitest';
import { AppError } from '#shared/model/errors';
import { differenceLine, hostToName, type LoadForm, parseForm } from './load.logic';

const form: LoadForm = {
  origin: 'https://api.example.com/',
  paths: '/health\n/api/orders?open=1',
  users: '100',
  seconds: '30',
  rampSeconds: '5',
  p95Ms: '200',
  token: 'none',
  moment: 'before',
};

test('a form becomes a load check, and what is wrong stands at its field', () => {
  expect(parseForm(form)).toMatchObject({
    check: { origin: 'https://api.example.com', paths: ['/health', '/api/orders?open=1'], users: 100 },
  });
  const wrong = parseForm({
    ...form,
    origin: 'https://api.example.com/path',
    users: '1',
    seconds: 'x',
    paths: 'health /b',
  });
  expect(Object.keys('wrong' in wrong ? wrong.wrong : {}).toSorted()).toEqual(['origin', 'paths', 'seconds']);
  const crowded = parseForm({ ...form, users: '1' });
  expect('wrong' in crowded ? crowded.wrong.users : '').toContain('each route');
});

test('only a refused host asks for its name', () => {
  const refused = new AppError('LOAD_NEEDS_CONSENT', 'Not yours.', { details: { host: 'other.example' } });
  expect(hostToName(refused)).toBe('other.example');
  expect(hostToName(new AppError('LOAD_RUNNING', 'One goes on.'))).toBeUndefined();
});

test('differences tell by how much', () => {
  const line = (before: number | undefined, after: number | undefined) =>
    differenceLine({ of: 'all', figure: 'p95', before, after }).change;
  expect([line(300, 150), line(100, 125), line(0, 10), line(undefined, 10)]).toEqual([
    '−50%',
    '+25%',
    '–',
    '–',
  ]);
});
