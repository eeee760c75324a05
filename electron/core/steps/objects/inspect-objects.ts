import { targetBucket } from '#shared/model/bucket-naming';
import type { InspectProgress } from '#shared/contract/inspect-objects';
import type { InspectReport } from '#shared/contract/migration';
import type { BucketSettingsPorts } from '../../ports/bucket-settings';
import type { ObjectPorts } from '../../ports/objects';
import { createSample, findInBucket } from './bucket-findings';
import { refusedName } from './bucket-names';
import { createBucketReport, createEstimate } from './bucket-report';
import { createKeyFindings } from './key-findings';
import { scanBucket } from './scan-bucket';

/** After so many keys, one page of a listing, progress is told. */
const keysPerProgress = 1000;

type Findings = InspectReport['findings'];

/** What the source holds and what will need attention. Reads only, stops with the signal; throws what the store reports. */
export async function inspectObjects(
  ports: ObjectPorts,
  settings: BucketSettingsPorts,
  signal: AbortSignal,
  onProgress: (progress: InspectProgress) => void,
): Promise<{ objects: NonNullable<InspectReport['objects']>; findings: Findings }> {
  const names = await ports.source.buckets(signal);
  const estimate = createEstimate();
  const counted = { done: 0, objects: 0, bytes: 0 };
  const tell = (): void =>
    onProgress({
      buckets: { done: counted.done, total: names.length },
      objects: counted.objects,
      bytes: counted.bytes,
    });
  const pairs = names.map((source) => ({ source, target: targetBucket(ports.naming, source) }));
  const parts = await Promise.all(
    pairs.map(async (pair) => {
      const { source: name, target } = pair;
      const keys = createKeyFindings(name);
      const report = createBucketReport();
      const sample = createSample();
      const visitors = [keys, report, sample, estimate];
      const { objects, bytes } = await scanBucket(
        ports.source,
        name,
        (entry) => {
          for (const visitor of visitors) visitor.visit(entry);
          counted.objects += 1;
          counted.bytes += entry.size;
          if (counted.objects % keysPerProgress === 0) tell();
        },
        signal,
      );
      const found = await findInBucket(settings, name, sample.keys(), signal);
      counted.done += 1;
      tell();
      const refused = refusedName(pair, pairs);
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
      return { bucket: { name, target, objects, bytes, ...report.report(), public: found.public }, findings };
    }),
  );
  return {
    objects: { buckets: parts.map(({ bucket }) => bucket), estimate: estimate.estimate() },
    findings: parts.flatMap(({ findings }) => findings),
  };
}
