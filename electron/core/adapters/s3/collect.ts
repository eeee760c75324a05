import { S3DamageError } from './failure';
import type { StoreResponse } from './store-client';

/** A whole body in memory. Throws an S3DamageError when it has another length. */
export async function collect(response: StoreResponse, size: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body) {
    length += chunk.length;
    chunks.push(chunk);
  }
  if (length !== size) throw new S3DamageError(`${length} bytes came instead of ${size}`);
  return Buffer.concat(chunks, length);
}
