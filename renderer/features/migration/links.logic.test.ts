import { describe, expect, it } from 'vitest';
import type { LinkColumnView } from '#shared/contract/links';
import type { BucketAccess } from '#shared/contract/access';
import { columnNote, findingsSummary, originsOf, rewriteState, rulesSummary } from './links.logic';

const column: LinkColumnView = {
  schema: 'public',
  table: 'pages',
  column: 'html',
  type: 'text',
  rows: 3,
  links: 5,
  signed: 0,
  left: {},
  samples: [],
};

const bucket: BucketAccess = {
  bucket: 'files',
  target: 'new-files',
  exists: true,
  public: true,
  address: null,
  todo: [],
  source: [],
  current: [],
  proposed: [{ origins: ['https://app.example.com'], methods: ['GET'], headers: [], expose: [] }],
};

it('says how the CORS rules of the buckets stand, and nothing of buckets that are not there', () => {
  const { proposed } = bucket;
  expect(rulesSummary([{ ...bucket, exists: false }])).toBe('No bucket is on R2 yet. Copy the files first.');
  expect(rulesSummary([bucket])).toBe('1 bucket on R2 has other rules than proposed.');
  expect(rulesSummary([{ ...bucket, current: proposed }])).toBe('Every bucket on R2 has the proposed rules.');
});

describe('links on the page', () => {
  it('says what stays and why', () => {
    expect(columnNote(column)).toBe('');
    expect(columnNote({ ...column, left: { 'unknown-bucket': 2, 'unsafe-path': 1 } })).toBe(
      '2 name a bucket that the source does not have · 1 have a path that browsers fold to another one',
    );
    expect(columnNote({ ...column, fixed: 'generated' })).toContain('follows by itself');
  });

  it('counts only links that a rewrite replaces', () => {
    const found = {
      side: 'target' as const,
      at: '',
      tables: 4,
      columns: [column, { ...column, fixed: 'generated' as const }],
      definitions: [],
      addresses: [],
      buckets: [],
    };
    expect(findingsSummary(found)).toBe('5 links in 1 column of 4 tables');
    expect(findingsSummary({ ...found, columns: [] })).toBe('No link in 4 tables');
  });

  it('names where a rewrite stands', () => {
    const rewrite = { id: 'x', at: '', rows: 3, undone: 0, left: 0 };
    expect(rewriteState(rewrite).label).toBe('In force');
    expect(rewriteState({ ...rewrite, undone: 1 }).label).toBe('Partly undone');
    expect(rewriteState({ ...rewrite, undone: 3 }).label).toBe('Undone');
    expect(rewriteState({ ...rewrite, undone: 2, left: 1 }).label).toBe('Undone, some rows left');
  });

  it('reads origins, and names what is none', () => {
    expect(
      originsOf(' https://app.example.com/path, http://localhost:3000\nhttps://app.example.com'),
    ).toEqual({
      origins: ['https://app.example.com', 'http://localhost:3000'],
      wrong: [],
    });
    expect(originsOf('app.example.com ftp://x')).toEqual({
      origins: [],
      wrong: ['app.example.com', 'ftp://x'],
    });
  });
});
