import { S3Error } from './errors';
import type { StoredObject } from './store';

interface Conditions {
  ifMatch: string | undefined;
  ifNoneMatch: string | undefined;
  ifModifiedSince: string | undefined;
  ifUnmodifiedSince: string | undefined;
}

function matches(list: string, etag: string): boolean {
  return list.split(',').some((item) => {
    const tag = item.trim().replace(/^W\//, '');
    return tag === '*' || tag === etag || tag === `"${etag}"`;
  });
}

/** Checks a read's conditions in the order of RFC 9110. Throws `PreconditionFailed` or `NotModified`. */
export function checkRead(object: StoredObject, conditions: Conditions): void {
  const { ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince } = conditions;
  if (ifMatch !== undefined) {
    if (!matches(ifMatch, object.etag)) throw new S3Error('PreconditionFailed');
  } else if (ifUnmodifiedSince !== undefined && object.modified > Date.parse(ifUnmodifiedSince)) {
    throw new S3Error('PreconditionFailed');
  }
  if (ifNoneMatch !== undefined) {
    if (matches(ifNoneMatch, object.etag)) throw new S3Error('NotModified');
  } else if (ifModifiedSince !== undefined && object.modified <= Date.parse(ifModifiedSince)) {
    throw new S3Error('NotModified');
  }
}

/** Checks a write's conditions against what is there. Throws `PreconditionFailed` or `NoSuchKey`. */
export function checkWrite(existing: StoredObject | undefined, ifMatch?: string, ifNoneMatch?: string): void {
  if (ifMatch !== undefined) {
    if (existing === undefined) throw new S3Error('NoSuchKey');
    if (!matches(ifMatch, existing.etag)) throw new S3Error('PreconditionFailed');
  }
  if (ifNoneMatch !== undefined && existing !== undefined && matches(ifNoneMatch, existing.etag)) {
    throw new S3Error('PreconditionFailed');
  }
}

/** A byte range as [start, end), undefined for the whole. Throws `InvalidRange`; several ranges count as none. */
export function parseRange(text: string | undefined, size: number): [number, number] | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(text ?? '');
  if (match === null) return undefined;
  const [, from = '', to = ''] = match;
  if (from === '' && to === '') return undefined;
  if (from === '') {
    if (Number(to) === 0 || size === 0) throw new S3Error('InvalidRange');
    return [Math.max(0, size - Number(to)), size];
  }
  const start = Number(from);
  const end = to === '' ? size : Math.min(size, Number(to) + 1);
  if (start >= size || end <= start) throw new S3Error('InvalidRange');
  return [start, end];
}
