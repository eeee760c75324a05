import {
  bucketConfiguration,
  bucketFeature,
  bucketLocation,
  createBucket,
  deleteBucket,
  listBuckets,
  objectFeature,
} from './buckets';
import { bucketOf, header, type Answer, type Call } from './call';
import { S3Error } from './errors';
import { listObjectsV1, listObjectsV2, listUploads } from './listing';
import {
  abortUpload,
  completeUpload,
  createUpload,
  listParts,
  uploadPart,
  uploadPartCopy,
} from './multipart';
import { copyObject, deleteObject, deleteObjects, getObject, putObject } from './objects';

/** Subresources of the S3 API that the server has no operation of its own for. */
const features = [
  'accelerate',
  'acl',
  'analytics',
  'attributes',
  'encryption',
  'intelligent-tiering',
  'inventory',
  'legal-hold',
  'logging',
  'metrics',
  'notification',
  'object-lock',
  'ownershipControls',
  'policy',
  'policyStatus',
  'publicAccessBlock',
  'replication',
  'requestPayment',
  'restore',
  'retention',
  'select',
  'tagging',
  'torrent',
  'versionId',
  'versioning',
  'versions',
  'website',
] as const;

/** Headers of features that R2 does not have. */
const refusedByR2 = [
  'x-amz-tagging',
  'x-amz-object-lock-mode',
  'x-amz-object-lock-retain-until-date',
  'x-amz-object-lock-legal-hold',
  'x-amz-website-redirect-location',
  'x-amz-server-side-encryption',
  'x-amz-grant-full-control',
  'x-amz-grant-read',
  'x-amz-grant-write',
];

/** Answers a verified request with the operation that it asks for. */
export async function route(call: Call): Promise<Answer> {
  refuseHeaders(call);
  const feature = features.find((name) => call.query.has(name));
  if (feature !== undefined && call.profile === 'r2')
    throw new S3Error('NotImplemented', `${feature} is not implemented.`);
  if (call.bucket === '') {
    if (call.method === 'GET') return listBuckets(call);
    throw new S3Error('MethodNotAllowed');
  }
  if (feature !== undefined)
    return call.key === '' ? bucketFeature(call, feature) : objectFeature(call, feature);
  return call.key === '' ? routeBucket(call) : routeObject(call);
}

function refuseHeaders(call: Call): void {
  const acl = header(call, 'x-amz-acl');
  if (acl !== undefined && acl !== 'private')
    throw new S3Error('NotImplemented', "Header 'x-amz-acl' is not implemented.");
  if (call.profile !== 'r2') return;
  const found = refusedByR2.find((name) => header(call, name) !== undefined);
  if (found !== undefined) throw new S3Error('NotImplemented', `Header '${found}' is not implemented.`);
}

async function routeBucket(call: Call): Promise<Answer> {
  const { method, query } = call;
  for (const name of ['cors', 'lifecycle'] as const) {
    if (query.has(name)) return bucketConfiguration(call, name);
  }
  if (method === 'GET' && query.has('location')) return bucketLocation(call);
  if (method === 'GET' && query.has('uploads')) return listUploads(call);
  if (method === 'POST' && query.has('delete')) return deleteObjects(call);
  switch (method) {
    case 'GET':
      return query.get('list-type') === '2' ? listObjectsV2(call) : listObjectsV1(call);
    case 'HEAD':
      bucketOf(call);
      return {
        status: 200,
        headers: { 'x-amz-bucket-region': call.profile === 'r2' ? 'auto' : 'us-east-1' },
      };
    case 'PUT':
      return createBucket(call);
    case 'DELETE':
      return deleteBucket(call);
    default:
      throw new S3Error('MethodNotAllowed');
  }
}

async function routeObject(call: Call): Promise<Answer> {
  const { method, query } = call;
  const copies = header(call, 'x-amz-copy-source') !== undefined;
  if (query.has('uploadId')) {
    switch (method) {
      case 'GET':
        return listParts(call);
      case 'PUT':
        return copies ? uploadPartCopy(call) : uploadPart(call);
      case 'POST':
        return completeUpload(call);
      case 'DELETE':
        return abortUpload(call);
      default:
        throw new S3Error('MethodNotAllowed');
    }
  }
  if (method === 'POST' && query.has('uploads')) return createUpload(call);
  switch (method) {
    case 'GET':
    case 'HEAD':
      return getObject(call);
    case 'PUT':
      return copies ? copyObject(call) : putObject(call);
    case 'DELETE':
      return deleteObject(call);
    default:
      throw new S3Error('MethodNotAllowed');
  }
}
