import type { InspectReport } from '#shared/contract/migration';
import type { ObjectPorts } from '../../ports/objects';
import { refusedName, targetName } from './bucket-names';
import { createKeyFindings } from './key-findings';
import { scanBucket } from './scan-bucket';

type Findings = InspectReport['findings'];

/** What the source holds and what will need attention. Reads listings only; throws what the store reports. */
export async function inspectObjects(
  ports: ObjectPorts,
  signal: AbortSignal,
): Promise<{ objects: NonNullable<InspectReport['objects']>; findings: Findings }> {
  const names = await ports.source.buckets(signal);
  const parts = await Promise.all(
    names.map(async (name) => {
      const keys = createKeyFindings(name);
      const { objects, bytes } = await scanBucket(ports.source, name, keys.visit, signal);
      const refused = refusedName(targetName(ports.targetPrefix, name));
      const findings: Findings = keys.findings().map((finding) => ({ ...finding, lane: 'objects' }));
      if (refused !== undefined) {
        findings.push({
          code: refused.code,
          message: refused.message,
          hint: refused.hint,
          severity: 'blocker',
          lane: 'objects',
        });
      }
      return { bucket: { name, objects, bytes }, findings };
    }),
  );
  return {
    objects: { buckets: parts.map(({ bucket }) => bucket) },
    findings: parts.flatMap(({ findings }) => findings),
  };
}
