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

/** What MinIO answers on a bucket where nobody has set these up; R2 does not know the operations. */
export function unsetBucketFeature(call: Call, feature: string): Answer {
  bucketOf(call);
  if (call.method !== 'GET') throw new S3Error('NotImplemented');
  switch (feature) {
    case 'versioning':
      return xml(documentOf('VersioningConfiguration', ''));
    case 'policy':
      throw new S3Error('NoSuchBucketPolicy');
    case 'tagging':
      throw new S3Error('NoSuchTagSet');
    case 'acl':
      return fullControl();
    default:
      throw new S3Error('NotImplemented');
  }
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
