import type { ObjectPorts } from '../../ports/objects';

/**
 * Who the stores are: the source by endpoint and bucket names, the target by endpoint and names, because its buckets
 * are made by the run itself. The caller hashes the values.
 */
export async function objectFingerprints(
  ports: ObjectPorts,
  signal: AbortSignal,
): Promise<Record<string, string>> {
  const buckets = await ports.source.buckets(signal);
  const { prefix, names } = ports.naming;
  const named = Object.entries(names).sort();
  return {
    sourceObjects: JSON.stringify([ports.source.endpoint, buckets]),
    targetObjects: JSON.stringify([ports.target.endpoint, prefix, ...named]),
  };
}
