import type { BucketAccess, CorsWish, Preflight } from '#shared/contract/access';
import { targetBucket } from '#shared/model/bucket-naming';
import { AppError, isCancelled, toAppError } from '#shared/model/errors';
import type { MigrationPorts } from '../../ports/migration-ports';
import { anybodyReads } from '../../steps/objects/bucket-findings';
import { publicAddress } from '../../steps/links/rules';
import type { ActivityLog } from '../activity/activity-log';
import { isAllowed, proposedRules } from './cors-rules';

export interface AccessServiceOptions {
  /** Opens the ports for as long as `work` runs. */
  withPorts: <T>(work: (ports: MigrationPorts) => Promise<T>) => Promise<T>;
  activity(): ActivityLog;
}

/** Who may reach files from outside: what was public, and which pages may read or write (CORS). */
export interface AccessService {
  /** Reads only. */
  show(wish: CorsWish, signal: AbortSignal): Promise<BucketAccess[]>;
  /** Replaces CORS rules on the target; each bucket's rules before and after go to Activity. Throws `NOT_FOUND` for another bucket. */
  apply(wish: CorsWish, targets: readonly string[], signal: AbortSignal): Promise<string[]>;
  /** Sends a preflight for each bucket and origin to its public address, and with `uploads` to the S3 endpoint. */
  test(wish: CorsWish, signal: AbortSignal): Promise<Preflight[]>;
}

/** Makes the access service of a workspace. */
export function createAccessService({ withPorts, ...options }: AccessServiceOptions): AccessService {
  return {
    show: (wish, signal) => withPorts((ports) => readAccess(ports, wish, signal)),

    apply: (wish, targets, signal) =>
      withPorts(async (ports) => {
        const buckets = await readAccess(ports, wish, signal);
        const chosen = targets.map((target) => {
          const found = buckets.find((bucket) => bucket.target === target && bucket.exists);
          if (found !== undefined) return found;
          throw new AppError('NOT_FOUND', `There is no bucket ${target} of this migration on R2.`, {
            hint: 'List them with cutover cors show. Buckets are made by the copy.',
          });
        });
        for (const { target, current, proposed } of chosen) {
          await ports.bucketSettings.setTargetCors(target, proposed, signal);
          await options.activity().record({
            area: 'buckets',
            action: 'bucket.cors',
            target,
            outcome: 'done',
            before: { rules: current.map(inWords) },
            after: { rules: proposed.map(inWords) },
          });
        }
        return targets.slice();
      }),

    test: (wish, signal) =>
      withPorts(async (ports) => {
        const buckets = (await readAccess(ports, wish, signal)).filter(({ exists }) => exists);
        const asked = buckets.flatMap(({ target, address }) =>
          wish.origins.flatMap((origin) => [
            ...(address === null ? [] : [{ target, origin, method: 'GET', base: address }]),
            ...(wish.uploads
              ? [{ target, origin, method: 'PUT', base: `${ports.objects.target.endpoint}/${target}` }]
              : []),
          ]),
        );
        const answers: Preflight[] = [];
        for (const { target, origin, method, base } of asked) {
          const url = `${base}/cutover-preflight`;
          answers.push({
            target,
            url,
            origin,
            method,
            ...(await preflight(ports, url, origin, method, signal)),
          });
        }
        return answers;
      }),
  };
}

const inWords = ({ origins, methods }: BucketAccess['current'][number]): string =>
  `${origins.join(', ')} may ${methods.join(', ')}`;

async function preflight(
  ports: MigrationPorts,
  url: string,
  origin: string,
  method: string,
  signal: AbortSignal,
): Promise<Pick<Preflight, 'allowed' | 'answer'>> {
  const headers = {
    origin,
    'access-control-request-method': method,
    'access-control-request-headers': method === 'PUT' ? 'content-type' : 'range',
  };
  try {
    return isAllowed(await ports.links.request(url, { method: 'OPTIONS', headers }, signal), origin, method);
  } catch (error) {
    if (isCancelled(error)) throw error;
    return { allowed: false, answer: toAppError(error).message };
  }
}

async function readAccess(
  ports: MigrationPorts,
  wish: CorsWish,
  signal: AbortSignal,
): Promise<BucketAccess[]> {
  const { objects, bucketSettings, links } = ports;
  const names = await objects.source.buckets(signal);
  const settings = links.settings();
  return Promise.all(
    names.map(async (bucket) => {
      const target = targetBucket(objects.naming, bucket);
      const [read, exists] = await Promise.all([
        bucketSettings.read(bucket, signal),
        objects.target.bucketExists(target, signal),
      ]);
      const current = exists ? await bucketSettings.targetCors(target, signal) : [];
      const open = anybodyReads(read);
      const address = publicAddress(settings, bucket, names.length);
      return {
        bucket,
        target,
        exists,
        public: open,
        address,
        todo: todoOf({ target, exists, open, address }),
        source: read.cors.map(plainRule),
        current: current.map(plainRule),
        proposed: proposedRules(read.cors.map(plainRule), wish),
      };
    }),
  );
}

const plainRule = (rule: {
  origins: readonly string[];
  methods: readonly string[];
  headers: readonly string[];
  expose: readonly string[];
  maxAge?: number | undefined;
}): BucketAccess['current'][number] => ({
  origins: [...rule.origins],
  methods: [...rule.methods],
  headers: [...rule.headers],
  expose: [...rule.expose],
  ...(rule.maxAge === undefined ? {} : { maxAge: rule.maxAge }),
});

function todoOf(bucket: {
  target: string;
  exists: boolean;
  open: boolean;
  address: string | null;
}): string[] {
  const { target, exists, open, address } = bucket;
  if (!exists) return ['Copy the files first: the bucket is not on R2 yet.'];
  if (!open) return ['It was private and stays so: connect no domain, sign addresses in the application.'];
  if (address === null)
    return [
      `Connect a custom domain to ${target} (R2, the bucket, Settings, Custom domains), then name it in R2_PUBLIC_URLS.`,
      'An r2.dev address is throttled and meant for tests only.',
    ];
  const { hostname } = new URL(address);
  return [
    `Connect ${hostname} to ${target} (R2, the bucket, Settings, Custom domains).`,
    ...(hostname.endsWith('.r2.dev') ? ['An r2.dev address is throttled and meant for tests only.'] : []),
  ];
}
