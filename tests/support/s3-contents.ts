import { createHash } from 'node:crypto';
import {
  GetObjectCommand,
  ListBucketsCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  type S3Client,
} from '@aws-sdk/client-s3';

/** Everything in a store by bucket and key, read with the SDK. */
export async function contents(client: S3Client, prefix = ''): Promise<Record<string, unknown>> {
  const all: Record<string, unknown> = {};
  const { Buckets = [] } = await client.send(new ListBucketsCommand({}));
  for (const { Name: Bucket = '' } of Buckets) {
    let ContinuationToken: string | undefined;
    do {
      const page = await client.send(new ListObjectsV2Command({ Bucket, ContinuationToken }));
      for (const { Key = '' } of page.Contents ?? []) {
        const got = await client.send(new GetObjectCommand({ Bucket, Key }));
        const bytes = (await got.Body?.transformToByteArray()) ?? new Uint8Array();
        all[`${Bucket.slice(prefix.length)} ${Key}`] = {
          sha256: createHash('sha256').update(bytes).digest('hex'),
          etag: got.ETag,
          headers: [
            got.ContentType,
            got.CacheControl,
            got.ContentEncoding,
            got.ContentDisposition,
            got.ContentLanguage,
            got.ExpiresString,
          ],
          metadata: got.Metadata,
        };
      }
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined);
  }
  return all;
}

/** The open multipart uploads of every bucket, as `bucket key`. */
export async function openUploads(client: S3Client): Promise<string[]> {
  const { Buckets = [] } = await client.send(new ListBucketsCommand({}));
  const found = await Promise.all(
    Buckets.map(async ({ Name: Bucket = '' }) => {
      const { Uploads = [] } = await client
        .send(new ListMultipartUploadsCommand({ Bucket }))
        .catch((error: unknown) => {
          // How some stores say that there has never been one.
          if (error instanceof Error && error.name === 'NoSuchUpload') return { Uploads: [] };
          throw error;
        });
      return Uploads.map(({ Key = '' }) => `${Bucket} ${Key}`);
    }),
  );
  return found.flat();
}
