import { bucketNameSchema, type Side } from '#shared/model/buckets';
import { AppError } from '#shared/model/errors';
import type { CommandContext } from '../../context';
import type { SessionOptions } from '../../session';

/** Options of every command on objects. */
export interface ObjectOptions extends SessionOptions {
  side?: Side;
}

export interface ObjectAddress {
  bucket: string;
  /** A key, or a prefix that ends with a slash; empty for the whole bucket. */
  key: string;
}

/** Reads `BUCKET/KEY`, with `s3://` before it or not. Throws `INVALID_INPUT`. */
export function parseAddress(text: string): ObjectAddress {
  const plain = text.startsWith('s3://') ? text.slice(5) : text;
  const cut = plain.indexOf('/');
  const bucket = bucketNameSchema.safeParse(cut === -1 ? plain : plain.slice(0, cut));
  if (!bucket.success) {
    throw new AppError('INVALID_INPUT', `${text} does not begin with the name of a bucket.`, {
      hint: 'Write BUCKET/KEY, for example uploads/2026/photo.jpg.',
    });
  }
  return { bucket: bucket.data, key: cut === -1 ? '' : plain.slice(cut + 1) };
}

/** Reads the address of a single object. Throws `INVALID_INPUT` for a bucket or a folder. */
export function parseObject(text: string): ObjectAddress {
  const address = parseAddress(text);
  if (address.key !== '') return address;
  throw new AppError('INVALID_INPUT', `${text} names a bucket, not an object.`, {
    hint: 'Write BUCKET/KEY, for example uploads/2026/photo.jpg.',
  });
}

/** Whether an address is for everything below it, which has to be said with `--recursive`. */
export function isFolder({ key }: ObjectAddress, recursive: boolean | undefined): boolean {
  const folder = key === '' || key.endsWith('/');
  if (folder && recursive !== true) {
    throw new AppError('INVALID_INPUT', 'The address names a folder.', {
      hint: 'Add --recursive for everything below it.',
    });
  }
  return recursive === true;
}

/** Refuses to go on without a terminal to ask on. Throws `INVALID_INPUT`. */
export function needsYes({ terminal, output }: CommandContext, yes: boolean | undefined): void {
  if (yes === true || (terminal !== undefined && !output.json)) return;
  throw new AppError('INVALID_INPUT', 'This changes the target, and there is no terminal to ask on.', {
    hint: 'Add --yes.',
  });
}
