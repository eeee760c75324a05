import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sourceBucket, targetBucket } from '#shared/model/bucket-naming';
import { AppError } from '#shared/model/errors';
import { pairBuckets, suggestedName } from './bucket-names';

const naming = { prefix: 'acme-', names: { 'old.files': 'files', Shop_Media: 'shop-media' } };

function failureOf(work: () => unknown): AppError {
  try {
    work();
  } catch (error) {
    if (error instanceof AppError) return error;
  }
  throw new Error('It did not fail.');
}

describe('names of buckets on R2', () => {
  it('are those that were given, or else get the prefix', () => {
    expect(pairBuckets(naming, ['old.files', 'Shop_Media', 'uploads'])).toEqual([
      { source: 'old.files', target: 'files' },
      { source: 'Shop_Media', target: 'shop-media' },
      { source: 'uploads', target: 'acme-uploads' },
    ]);
  });

  it('lead back to the source', () => {
    const names = (target: string) => sourceBucket(naming, target);
    expect(['files', 'shop-media', 'acme-uploads', 'acme-', 'other'].map(names)).toEqual([
      'old.files',
      'Shop_Media',
      'uploads',
      undefined,
      undefined,
    ]);
    // Nothing is copied into the bucket that it would have without a name of its own.
    expect(names('acme-old.files')).toBeUndefined();
    expect(targetBucket({ prefix: '', names: {} }, 'constructor')).toBe('constructor');
  });

  it('that R2 refuses are named with one that it takes', () => {
    const failure = failureOf(() => pairBuckets({ prefix: '', names: {} }, ['files', 'Old.Files_1']));
    expect(failure.code).toBe('OBJECTS_BUCKET_NAME_REFUSED');
    expect(failure.hint).toContain('Old.Files_1=old-files-1');
  });

  it('of two buckets are never the same', () => {
    const failure = failureOf(() =>
      pairBuckets({ prefix: 'a-', names: { old: 'a-uploads' } }, ['old', 'uploads']),
    );
    expect(failure.message).toContain('old and uploads');
  });

  it('that are suggested are always taken', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 80 }), (name) => {
        const target = suggestedName(name);
        expect(pairBuckets({ prefix: '', names: { [name]: target } }, [name])).toEqual([
          { source: name, target },
        ]);
      }),
    );
  });
});
