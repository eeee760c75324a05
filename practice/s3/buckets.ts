import { z } from 'zod';
import { bucketOf, readDocument, xml, type Answer, type Call } from './call';
import { parseCors } from './cors';
import { S3Error } from './errors';
import { objectOf } from './objects';
import { documentOf, element, parseXml } from './xml';

const namePattern = {
  minio: /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
  r2: /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/,
} as const;

/** ListBuckets. */
export function listBuckets(call: Call): Answer {
  const buckets = call.store
    .buckets()
    .map(
      ({ name, created }) =>
        `<Bucket>${element('Name', name)}${element('CreationDate', new Date(created).toISOString())}</Bucket>`,
    );
  return xml(
    documentOf(
      'ListAllMyBucketsResult',
      `<Owner>${element('ID', 'practice')}${element('DisplayName', 'practice')}</Owner><Buckets>${buckets.join('')}</Buckets>`,
    ),
  );
}

/** CreateBucket. */
export async function createBucket(call: Call): Promise<Answer> {
  const { text } = await readDocument(call);
  if (!namePattern[call.profile].test(call.bucket)) throw new S3Error('InvalidBucketName');
  if (text.length > 0) parseXml(text, 'CreateBucketConfiguration');
  await call.store.createBucket(call.bucket);
  return { status: 200, headers: { location: `/${call.bucket}` } };
}

/** DeleteBucket. */
export async function deleteBucket(call: Call): Promise<Answer> {
  bucketOf(call);
  await call.store.deleteBucket(call.bucket);
  return { status: 204 };
}

/** GetBucketLocation. */
export function bucketLocation(call: Call): Answer {
  bucketOf(call);
  return xml(documentOf('LocationConstraint', call.profile === 'r2' ? 'WNAM' : ''));
}

/** A configuration that is kept as the client wrote it: CORS and lifecycle. */
export async function bucketConfiguration(call: Call, name: 'cors' | 'lifecycle'): Promise<Answer> {
  const bucket = bucketOf(call);
  if (call.method === 'DELETE') {
    await call.store.saveConfiguration(bucket, name, undefined);
    return { status: 204 };
  }
  if (call.method === 'PUT') {
    const { text } = await readDocument(call);
    if (name === 'cors') parseCors(text);
    else parseXml(text, 'LifecycleConfiguration');
    await call.store.saveConfiguration(bucket, name, text.toString('utf8'));
    return { status: 200 };
  }
  const text = bucket.configurations[name];
  if (text === undefined)
    throw new S3Error(name === 'cors' ? 'NoSuchCORSConfiguration' : 'NoSuchLifecycleConfiguration');
  return xml(text);
}

/** Configurations that MinIO keeps for a bucket, with the root of their documents and what it answers while there is none. */
const kept = {
  versioning: { root: 'VersioningConfiguration', unset: 'document' },
  notification: { root: 'NotificationConfiguration', unset: 'document' },
  policy: { root: undefined, unset: 'NoSuchBucketPolicy' },
  tagging: { root: 'Tagging', unset: 'NoSuchTagSet' },
  encryption: {
    root: 'ServerSideEncryptionConfiguration',
    unset: 'ServerSideEncryptionConfigurationNotFoundError',
  },
  'object-lock': { root: 'ObjectLockConfiguration', unset: 'ObjectLockConfigurationNotFoundError' },
  replication: { root: 'ReplicationConfiguration', unset: 'ReplicationConfigurationNotFoundError' },
} as const;

function isKept(feature: string): feature is keyof typeof kept {
  return Object.hasOwn(kept, feature);
}

/** Settings of a bucket that MinIO has and R2 has not. They are kept as the client wrote them and change nothing else. */
export async function bucketFeature(call: Call, feature: string): Promise<Answer> {
  const bucket = bucketOf(call);
  if (feature === 'acl' && call.method === 'GET') return fullControl();
  if (!isKept(feature)) throw new S3Error('NotImplemented');
  const { root, unset } = kept[feature];
  switch (call.method) {
    case 'GET': {
      const text = bucket.configurations[feature];
      if (text !== undefined)
        return root === undefined
          ? { status: 200, headers: { 'content-type': 'application/json' }, body: text }
          : xml(text);
      if (unset === 'document') return xml(documentOf(root, ''));
      throw new S3Error(unset);
    }
    case 'PUT': {
      const { text } = await readDocument(call);
      if (root === undefined) checkPolicy(text, call.bucket);
      else parseXml(text, root);
      await call.store.saveConfiguration(bucket, feature, text.toString('utf8'));
      return { status: root === undefined ? 204 : 200 };
    }
    case 'DELETE':
      if (unset === 'document' || feature === 'object-lock') throw new S3Error('MethodNotAllowed');
      await call.store.saveConfiguration(bucket, feature, undefined);
      return { status: 204 };
    default:
      throw new S3Error('MethodNotAllowed');
  }
}

const texts = z.union([z.string(), z.array(z.string()).min(1)]);
const policySchema = z.object({
  Version: z.literal('2012-10-17'),
  Statement: z
    .array(
      z.object({
        Effect: z.enum(['Allow', 'Deny']),
        Principal: z.union([z.literal('*'), z.object({ AWS: texts })]),
        Action: texts,
        Resource: texts,
      }),
    )
    .min(1),
});

/** Throws `MalformedPolicy` for what is no policy of this bucket. */
function checkPolicy(text: Buffer, bucket: string): void {
  let value: unknown;
  try {
    value = JSON.parse(text.toString('utf8'));
  } catch {
    throw new S3Error('MalformedPolicy');
  }
  const policy = policySchema.safeParse(value);
  const own = new RegExp(`^arn:aws:s3:::${bucket}(/|$)`);
  const statements = policy.success ? policy.data.Statement : [];
  if (
    statements.length === 0 ||
    statements.some(({ Resource }) => ![Resource].flat().every((arn) => own.test(arn)))
  )
    throw new S3Error('MalformedPolicy');
}

/** Tags and the fixed ACL of an object, as MinIO has them. */
export function objectFeature(call: Call, feature: string): Answer {
  const object = objectOf(call);
  if (call.method !== 'GET') throw new S3Error('NotImplemented');
  if (feature === 'acl') return fullControl();
  if (feature !== 'tagging') throw new S3Error('NotImplemented');
  const tags = [...new URLSearchParams(object.tags)].map(
    ([key, value]) => `<Tag>${element('Key', key)}${element('Value', value)}</Tag>`,
  );
  return xml(documentOf('Tagging', `<TagSet>${tags.join('')}</TagSet>`));
}

function fullControl(): Answer {
  const owner = `${element('ID', 'practice')}${element('DisplayName', 'practice')}`;
  const grantee = `<Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser">${owner}</Grantee>`;
  return xml(
    documentOf(
      'AccessControlPolicy',
      `<Owner>${owner}</Owner><AccessControlList><Grant>${grantee}${element('Permission', 'FULL_CONTROL')}</Grant></AccessControlList>`,
    ),
  );
}
