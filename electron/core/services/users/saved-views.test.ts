import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { SavedView } from '#shared/model/users';
import { savedViews } from './saved-views';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'views-'));
});
afterEach(() => rm(folder, { recursive: true }));

const view = (name: string, text = ''): SavedView => ({
  name,
  text,
  filter: { state: 'banned' },
  sort: { by: 'created', descending: true },
  columns: ['email', 'state'],
});

it('keeps views by their names, also those that two operators save at once', async () => {
  const [one, two] = [savedViews(folder), savedViews(folder)];
  expect(await one.list()).toEqual([]);
  await Promise.all([one.save(view('b')), two.save(view('a'))]);
  expect(await one.list()).toEqual([view('a'), view('b')]);
  await two.save(view('b', 'maria'));
  expect(await one.list()).toEqual([view('a'), view('b', 'maria')]);
  expect(await one.remove('a')).toEqual([view('b', 'maria')]);
});

it('keeps no more than anybody could choose from', async () => {
  const views = savedViews(folder);
  for (let n = 0; n < 50; n += 1) await views.save(view(`view ${n}`));
  await expect(views.save(view('one more'))).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  await expect(views.save(view('view 3', 'other'))).resolves.toHaveLength(50);
});
