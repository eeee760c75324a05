import { probeHttp } from '../../../adapters/probe/http-probe';
import { probeBuckets, probeObject, targetEndpoint } from '../../../adapters/s3/health-probe';
import type { Settings } from '../../../ports/settings';
import type { HealthConfig } from '#shared/model/health';
import { bucketUsage } from './bucket-usage';
import { type CheckDefinition, finding } from '../check';

const r2 = { id: 'r2', title: 'Cloudflare R2', group: 'objects' } as const;
const minio = { id: 'source-objects', title: 'Source MinIO', group: 'source' } as const;

function listing(
  settings: Settings,
  side: 'source' | 'target',
  host: string,
  slowMs: number,
): CheckDefinition {
  const service = side === 'source' ? minio : r2;
  return {
    id: `${service.id}.list`,
    title: 'List buckets',
    service,
    host,
    slowMs,
    intervalMs: 60_000,
    timeoutMs: 15_000,
    run: async (signal) => {
      const buckets = await probeBuckets(settings, side, signal);
      return {
        summary: buckets === undefined ? 'Answers' : `${buckets.length} buckets`,
        facts: [
          {
            label: 'Buckets',
            value: buckets === undefined ? 'the key may not list them' : buckets.slice(0, 30).join(', '),
          },
        ],
        findings: [],
      };
    },
  };
}

/** The old object store: only listed. */
export function sourceObjectChecks(settings: Settings, slowMs: number): CheckDefinition[] {
  return [listing(settings, 'source', new URL(settings.require('SOURCE_S3_ENDPOINT')).hostname, slowMs)];
}

/** R2: lists; puts, reads and deletes a small object where a bucket for that is named; counts what the buckets hold; asks the public address and the upload rules. */
export function r2Checks(settings: Settings, config: HealthConfig): CheckDefinition[] {
  const endpoint = targetEndpoint(settings);
  const host = new URL(endpoint).hostname;
  const checks = [
    listing(settings, 'target', host, config.slowMs),
    bucketUsage(settings, { service: r2, host, dependsOn: 'r2.list' }, config.limits.bucketGigabytes),
  ];
  const bucket = config.objectCanaryBucket;
  const publicUrl = settings.get('R2_PUBLIC_URL');
  const frontend = settings.get('APP_FRONTEND_URL');
  if (bucket !== '') {
    checks.push({
      id: 'r2.canary',
      title: 'Put, read and delete',
      service: r2,
      host,
      dependsOn: 'r2.list',
      intervalMs: 5 * 60_000,
      timeoutMs: 20_000,
      run: async (signal) => {
        const same = await probeObject(settings, bucket, signal);
        return {
          summary: same ? 'Written and read back' : 'Read something else',
          facts: [{ label: 'Bucket', value: bucket }],
          findings: same
            ? []
            : [
                finding(
                  'CANARY_FAILED',
                  'degraded',
                  'An object that was just put is not read back as it was.',
                  'Look for a cache or a rule of the bucket that changes objects; see Cloudflare’s status page.',
                ),
              ],
        };
      },
    });
  }
  if (bucket !== '' && frontend !== undefined) {
    checks.push({
      id: 'r2.cors',
      title: 'Uploads from the frontend',
      service: r2,
      host,
      dependsOn: 'r2.list',
      intervalMs: 10 * 60_000,
      timeoutMs: 15_000,
      run: async (signal) => {
        const { origin } = new URL(frontend);
        const answer = await probeHttp(
          {
            url: `${endpoint}/${bucket}/upload`,
            method: 'OPTIONS',
            headers: { origin, 'access-control-request-method': 'PUT' },
          },
          signal,
        );
        const allowed = answer.headers['access-control-allow-origin'];
        const fits = answer.status < 300 && (allowed === '*' || allowed === origin);
        return {
          latencyMs: answer.firstByteMs,
          summary: fits ? 'Allowed' : 'Refused',
          facts: [
            { label: 'Origin', value: origin },
            { label: 'Status', value: String(answer.status) },
          ],
          findings: fits
            ? []
            : [
                finding(
                  'CORS_REFUSED',
                  'degraded',
                  `The bucket ${bucket} does not let pages of ${origin} upload.`,
                  `Add ${origin} and the method PUT to the bucket’s CORS policy in the Cloudflare dashboard.`,
                ),
              ],
        };
      },
    });
  }
  if (publicUrl !== undefined) {
    checks.push({
      id: 'r2.public',
      title: 'Public address',
      service: r2,
      host: new URL(publicUrl).hostname,
      intervalMs: 60_000,
      timeoutMs: 15_000,
      run: async (signal) => {
        const answer = await probeHttp({ url: publicUrl }, signal);
        // Without a path there is nothing to see: any answer but a failing server will do.
        const works = answer.status < 500;
        return {
          latencyMs: answer.firstByteMs,
          summary: works ? 'Answers' : `Status ${answer.status}`,
          facts: [{ label: 'Status', value: String(answer.status) }],
          findings: works
            ? []
            : [
                finding(
                  'WRONG_STATUS',
                  'down',
                  `${publicUrl} answers with status ${answer.status}.`,
                  'Check the custom domain of the bucket in the Cloudflare dashboard.',
                ),
              ],
        };
      },
    });
  }
  return checks;
}
