import path from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createSafePaths } from './safe-paths';

const mean = fc.string({
  unit: fc.constantFrom('a', 'A', '.', '..', '/', '\\', ' ', ':', '\0', '\u202e', 'é', 'e\u0301', 'con', '~'),
});

test('no key leads out of the folder, and no two files are alike', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.oneof(mean, fc.string({ unit: 'binary', maxLength: 40 })), { maxLength: 30 }),
      (keys) => {
        const safe = createSafePaths();
        const paths = keys.flatMap((key) => safe(key) ?? []);
        const seen = new Set<string>();
        for (const found of paths) {
          expect(path.posix.normalize(`/base/${found}`)).toBe(`/base/${found}`);
          expect(path.win32.normalize(`C:\\base\\${found}`)).toBe(`C:\\base\\${found.replaceAll('/', '\\')}`);
          expect(found).not.toMatch(/(^|\/)(\.{1,2})?(\/|$)|[\\:\0\u202e]|[. ](\/|$)/);
          const identity = found.normalize('NFC').toLowerCase();
          expect(seen.has(identity)).toBe(false);
          seen.add(identity);
        }
        // A file and a folder of one name can't stand side by side.
        for (const one of seen) for (const other of seen) expect(other.startsWith(`${one}/`)).toBe(false);
      },
    ),
  );
});

test('plain keys keep their paths, mean ones are told apart', () => {
  const safe = createSafePaths();
  expect(
    [
      'photos/2024/a.jpg',
      '../../etc/passwd',
      '/etc/passwd',
      'photos/2024/A.JPG',
      'photos/2024',
      'nul.txt',
      'a\\..\\b',
      'folder/',
      'evil\u202egpj.exe',
      'photos/../x',
    ].map(safe),
  ).toEqual([
    'photos/2024/a.jpg',
    '__/__/etc/passwd',
    '_/etc/passwd',
    'photos/2024/A (2).JPG',
    'photos/2024 (2)',
    '_nul.txt',
    'a_.._b',
    undefined,
    'evil_gpj.exe',
    'photos/__/x',
  ]);
});

test('a name longer than file systems take keeps its ending', () => {
  const safe = createSafePaths();
  const found = safe(`${'ü'.repeat(400)}.jpeg`) ?? '';
  expect(Buffer.byteLength(found)).toBeLessThanOrEqual(240);
  expect(found.endsWith('ü.jpeg')).toBe(true);
});
