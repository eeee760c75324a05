import { expect, it } from 'vitest';
import { patchLines } from './application.logic';

it('tells the lines of a patch apart, those that look like its head too', () => {
  const patch = '--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n same\n--- a list\n+++ b\n\n';
  expect(patchLines(patch).map(({ kind }) => kind)).toEqual([
    'head',
    'head',
    'place',
    'same',
    'removed',
    'added',
    'same',
  ]);
});
