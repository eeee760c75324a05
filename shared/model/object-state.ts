import type { ListedObject } from './buckets';

/** How an object stands to the one of the same key on the other side. `same-size`: the ETags say nothing about each other. */
export type ObjectState = 'identical' | 'same-size' | 'differs' | 'missing';

/**
 * Compares what two listings say. The ETag of an object in parts depends on the parts, so with equal sizes it proves equality but no
 * difference.
 */
export function stateOf(
  object: Pick<ListedObject, 'size' | 'etag'>,
  other: Pick<ListedObject, 'size' | 'etag'> | undefined,
): ObjectState {
  if (other === undefined) return 'missing';
  if (object.size !== other.size) return 'differs';
  if (object.etag === other.etag) return 'identical';
  return object.etag.includes('-') || other.etag.includes('-') ? 'same-size' : 'differs';
}
