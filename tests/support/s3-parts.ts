import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  UploadPartCommand,
  type S3Client,
} from '@aws-sdk/client-s3';

/** Writes one object in parts, with the SDK. */
export async function putInParts(
  client: S3Client,
  object: { Bucket: string; Key: string },
  Metadata: Record<string, string>,
  bodies: readonly Buffer[],
): Promise<void> {
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ ...object, Metadata }));
  const Parts = [];
  for (const [index, Body] of bodies.entries()) {
    const PartNumber = index + 1;
    const { ETag } = await client.send(new UploadPartCommand({ ...object, UploadId, PartNumber, Body }));
    Parts.push({ PartNumber, ETag });
  }
  await client.send(new CompleteMultipartUploadCommand({ ...object, UploadId, MultipartUpload: { Parts } }));
}
