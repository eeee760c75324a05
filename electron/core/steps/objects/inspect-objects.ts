import type { InspectReport } from '#shared/contract/migration';
import type { BucketSettingsPorts } from '../../ports/bucket-settings';
import type { ObjectPorts } from '../../ports/objects';
import { createSample, findInBucket } from './bucket-findings';
import { refusedName, targetName } from './bucket-names';
import { createBucketReport, createEstimate } from './bucket-report';
import { createKeyFindings } from './key-findings';
import { scanBucket } from './scan-bucket';

type Findings = InspectReport['findings'];

/** What the source holds and what will need attention. Reads only; throws what the store reports. */
export async function inspectObjects(
  ports: ObjectPorts,
  settings: BucketSettingsPorts,
  signal: AbortSignal,
): Promise<{ objects: NonNullable<InspectReport['objects']>; findings: Findings }> {
  const names = await ports.source.buckets(signal);
  const estimate = createEstimate();
  const parts = await Promise.all(
    names.map(async (name) => {
      const keys = createKeyFindings(name);
      const report = createBucketReport();
      const sample = createSample();
      const visitors = [keys, report, sample, estimate];
      const { objects, bytes } = await scanBucket(
        ports.source,
        name,
        (entry) => {
          for (const visitor of visitors) visitor.visit(entry);
        },
        signal,
      );
      const found = await findInBucket(settings, name, sample.keys(), signal);
      const refused = refusedName(targetName(ports.targetPrefix, name));
      const findings: Findings = [
        ...keys.findings().map((finding) => ({ ...finding, lane: 'objects' as const })),
        ...found.findings,
      ];
      if (refused !== undefined) {
        findings.push({
          code: refused.code,
          message: refused.message,
          hint: refused.hint,
          severity: 'blocker',
          lane: 'objects',
        });
      }
      return { bucket: { name, objects, bytes, ...report.report(), public: found.public }, findings };
    }),
  );
  return {
    objects: { buckets: parts.map(({ bucket }) => bucket), estimate: estimate.estimate() },
    findings: parts.flatMap(({ findings }) => findings),
  };
}
