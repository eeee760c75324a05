import type { InspectReport } from '#shared/contract/migration';
import type { BucketSettings, BucketSettingsPorts, ObjectExtras } from '../../ports/bucket-settings';
import type { ObjectEntry } from '../../ports/objects';
import { runWorkers } from '../common/run-workers';

type Finding = InspectReport['findings'][number];

/** R2's limit for the names and values of an object's metadata, in bytes. */
const maxMetadataBytes = 8192;
/** Objects of a bucket that are asked one by one: their metadata is in no listing. */
const sampled = 200;
const asked = 8;

/** Whether anybody may read a bucket's objects. */
export const anybodyReads = (settings: BucketSettings): boolean =>
  settings.publicActions.some((action) => /^s3:(\*|Get\*|GetObject)$/i.test(action)) ||
  settings.acl === 'everybody';
const anybodyWrites = (settings: BucketSettings): boolean =>
  settings.publicActions.some((action) => /^s3:(\*|Put\w*\*?|Delete\w*\*?)$/i.test(action));

/** Keeps a sample of a bucket's keys that is spread over all of them, in constant memory. */
export function createSample(): { visit: (entry: ObjectEntry) => void; keys: () => string[] } {
  let keys: string[] = [];
  let every = 1;
  let seen = 0;
  return {
    visit: ({ key }) => {
      if (seen % every === 0) keys.push(key);
      seen += 1;
      if (keys.length <= sampled) return;
      // Every second one goes, and from now on only half as many come.
      keys = keys.filter((_key, index) => index % 2 === 0);
      every *= 2;
    },
    keys: () => keys,
  };
}

/** What a bucket has that R2 has no place for or that has to be set up there again. Reads only. */
export async function findInBucket(
  ports: BucketSettingsPorts,
  bucket: string,
  keys: readonly string[],
  signal: AbortSignal,
): Promise<{ public: boolean; findings: Finding[] }> {
  const settings = await ports.read(bucket, signal);
  const extras: ObjectExtras[] = [];
  await runWorkers(keys, asked, async (key) => {
    const found = await ports.extras(bucket, key, signal);
    if (found !== undefined) extras.push(found);
  });
  return {
    public: anybodyReads(settings),
    findings: [...settingFindings(bucket, settings), ...objectFindings(bucket, extras)],
  };
}

function settingFindings(bucket: string, settings: BucketSettings): Finding[] {
  const rules: [boolean, Finding['severity'], string, string, string][] = [
    [
      anybodyWrites(settings),
      'warning',
      'BUCKET_PUBLIC_WRITE',
      `anybody may write or delete (${settings.publicActions.join(', ')})`,
      'R2 takes writes with a key or a signed address only. Let the application sign them.',
    ],
    [
      anybodyReads(settings),
      'warning',
      'BUCKET_PUBLIC',
      'anybody may read its objects',
      'Connect a custom domain to the bucket on R2; r2.dev addresses are throttled. Files stay private until then.',
    ],
    [
      settings.policy && settings.publicActions.length === 0,
      'info',
      'BUCKET_POLICY',
      'it has a policy',
      'R2 has no bucket policies. Give each application a token of its own for its buckets.',
    ],
    [
      settings.acl !== 'owner',
      'warning',
      'BUCKET_ACL',
      'its access list names others than the owner',
      'R2 has no access lists. Use tokens, or a custom domain for what is public.',
    ],
    [
      settings.versioning !== 'off',
      'warning',
      'BUCKET_VERSIONED',
      `versioning is ${settings.versioning}`,
      'Only the newest version of each object is copied; older ones and delete markers have no place on R2.',
    ],
    [
      settings.objectLock,
      'warning',
      'BUCKET_LOCKED',
      'object lock is on',
      'Retention and legal holds do not come along. R2 has bucket locks of its own: set one up where the law asks for it.',
    ],
    [
      settings.encryption === 'SSE-KMS',
      'warning',
      'BUCKET_KMS',
      'objects are encrypted with a key of a key service',
      'They are decrypted on the way; R2 encrypts with its own keys.',
    ],
    [
      settings.encryption === 'SSE-S3',
      'info',
      'BUCKET_ENCRYPTED',
      'objects are encrypted at rest',
      'R2 does so always.',
    ],
    [
      settings.lifecycleRules > 0,
      'warning',
      'BUCKET_LIFECYCLE',
      `it has ${settings.lifecycleRules} lifecycle rules`,
      'They are not copied. Set them up on R2, where objects would otherwise stay for ever.',
    ],
    [
      settings.notifications > 0,
      'warning',
      'BUCKET_NOTIFICATIONS',
      `it sends ${settings.notifications} kinds of notifications`,
      'They are not copied. R2 sends its own to a Cloudflare queue.',
    ],
    [
      settings.replicationRules > 0,
      'info',
      'BUCKET_REPLICATION',
      `it has ${settings.replicationRules} replication rules`,
      'R2 has no replication rules.',
    ],
    [settings.tags > 0, 'info', 'BUCKET_TAGS', `it has ${settings.tags} tags`, 'R2 has no tags.'],
    [
      settings.cors.length > 0,
      'info',
      'BUCKET_CORS',
      `it has ${settings.cors.length} CORS rules`,
      'Set them on R2 with cutover cors apply.',
    ],
    [
      settings.unknown.length > 0,
      'info',
      'BUCKET_SETTINGS_UNKNOWN',
      `the store does not tell ${settings.unknown.join(', ')}`,
      'The key may not read them, or the store does not know them. Look there if you need to be sure.',
    ],
  ];
  return rules.flatMap(([holds, severity, code, says, hint]) =>
    holds ? [{ severity, code, message: `${bucket}: ${says}.`, hint, lane: 'objects' as const }] : [],
  );
}

function objectFindings(bucket: string, extras: readonly ObjectExtras[]): Finding[] {
  const rules: [(object: ObjectExtras) => boolean, Finding['severity'], string, string, string][] = [
    [
      ({ metadataBytes }) => metadataBytes > maxMetadataBytes,
      'blocker',
      'METADATA_TOO_LARGE',
      'carry more than 8,192 bytes of metadata, which R2 refuses',
      'Shorten it on the source before the run.',
    ],
    [
      ({ tags }) => tags > 0,
      'warning',
      'OBJECT_TAGS',
      'carry tags',
      'R2 has no tags: they do not come along.',
    ],
    [
      ({ locked }) => locked,
      'warning',
      'OBJECT_LOCKED',
      'are under retention or a legal hold',
      'It does not come along. R2 has bucket locks of its own.',
    ],
    [
      ({ kms }) => kms,
      'info',
      'OBJECT_KMS',
      'are encrypted with a key of a key service',
      'R2 encrypts with its own keys.',
    ],
    [
      ({ redirect }) => redirect,
      'warning',
      'OBJECT_REDIRECT',
      'redirect to another address',
      'R2 has no website redirects. Set up a rule on the domain.',
    ],
  ];
  return rules.flatMap(([matches, severity, code, says, hint]) => {
    const count = extras.filter(matches).length;
    if (count === 0) return [];
    return [
      {
        severity,
        code,
        message: `${bucket}: ${count} of ${extras.length} objects that were asked ${says}.`,
        hint,
        lane: 'objects' as const,
      },
    ];
  });
}
