import { createHash } from 'node:crypto';
import { AppError } from '#shared/model/errors';

/**
 * A value as it comes back from JSON: dates and undefined members are gone, `undefined` itself becomes null.
 * Throws `INTERNAL` for what JSON can't hold (a bigint, a cycle).
 */
export function toJson(value: unknown): unknown {
  if (value === undefined) return null;
  try {
    const parsed: unknown = JSON.parse(JSON.stringify(value));
    return parsed;
  } catch (cause) {
    throw new AppError('INTERNAL', 'A plan or output is not plain JSON.', { cause });
  }
}

/** JSON with the members of every object sorted by name, so that equal values give equal text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : member,
  );
}

/** SHA-256 over {@link canonicalJson}, in lower-case hexadecimal. */
export function hashJson(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex');
}
