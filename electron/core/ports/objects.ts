import type { BucketNaming } from '#shared/model/bucket-naming';

/** An object as a listing shows it. */
export interface ObjectEntry {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** Without quotes. 32 hex digits are the MD5 of the content, `…-N` the MD5 of N part MD5s, anything else says nothing of the content. */
  readonly etag: string;
  /** ISO 8601. */
  readonly modifiedAt: string;
}

/** What a store keeps beside an object's bytes. */
export interface ObjectAttributes {
  /**
   * Lower-case header name to value, of `content-type`, `cache-control`, `content-encoding`, `content-disposition`,
   * `content-language` and `expires`. Values are byte strings: one character per byte, as they came over the wire.
   */
  readonly headers: Readonly<Record<string, string>>;
  /** User metadata by lower-case name without `x-amz-meta-`; byte strings too. */
  readonly metadata: Readonly<Record<string, string>>;
}

export interface ObjectHead extends ObjectEntry, ObjectAttributes {}

/** Part of a bucket's keys: those after `after`, up to and including `through`, all in UTF-8 byte order. */
export interface KeyRange {
  readonly after?: string | undefined;
  readonly through?: string | undefined;
  readonly prefix?: string | undefined;
}

export interface ObjectRead {
  readonly head: ObjectHead;
  /** The bytes as stored: a content encoding is never undone. Iterating throws an AppError when the store breaks off. */
  readonly body: AsyncIterable<Uint8Array>;
}

/**
 * One object store. Every failure is an AppError that names the store's side; every call ends with `CANCELLED` soon
 * after its signal aborts.
 */
export interface ObjectStore {
  readonly side: 'source' | 'target';
  /** Scheme, host and port, for people; no secret. */
  readonly endpoint: string;
  /** Names in order. On the source only those that the settings choose; throws `OBJECTS_BUCKET_NOT_FOUND` when one of them is missing. */
  buckets(signal: AbortSignal): Promise<string[]>;
  bucketExists(bucket: string, signal: AbortSignal): Promise<boolean>;
  /** Succeeds when the bucket is there already and is ours. */
  createBucket(bucket: string, signal: AbortSignal): Promise<void>;
  /** Objects in UTF-8 byte order of their keys, page by page as they are asked for. */
  list(bucket: string, range: KeyRange, signal: AbortSignal): AsyncIterable<ObjectEntry>;
  /** The same as `list`, in the pages in which the store sends them. */
  pages(bucket: string, range: KeyRange, signal: AbortSignal): AsyncIterable<readonly ObjectEntry[]>;
  /** Undefined when there is no such object. */
  head(bucket: string, key: string, signal: AbortSignal): Promise<ObjectHead | undefined>;
  /** Throws `NOT_FOUND`, and `OBJECTS_CHANGED_DURING_COPY` when the object no longer has the ETag `ifMatch`. */
  read(bucket: string, key: string, options: { ifMatch?: string }, signal: AbortSignal): Promise<ObjectRead>;
  /** One that is not there counts as deleted. Never on the source: throws `INTERNAL`. */
  deleteObject(bucket: string, key: string, signal: AbortSignal): Promise<void>;
  /** Aborts the open multipart uploads of the keys in a range; answers how many there were. */
  abortUploads(bucket: string, range: KeyRange, signal: AbortSignal): Promise<number>;
}

export interface CopyRequest {
  readonly from: { readonly bucket: string; readonly entry: ObjectEntry };
  /** `key` is the source's when absent. */
  readonly to: { readonly bucket: string; readonly key?: string | undefined };
  /** An earlier attempt may have left an upload of this object open: it goes on where its parts can be proven, and is aborted otherwise. */
  readonly resumes?: boolean;
  /** Called with the bytes of this object that the target has taken, absolute; falls back when a part is sent again. */
  readonly onProgress?: (bytes: number) => void;
}

export interface CopiedObject {
  /** The source's ETag at the time of the copy. */
  readonly sourceEtag: string;
  readonly targetEtag: string;
  readonly size: number;
  /** As the source told them with the bytes. */
  readonly attributes: ObjectAttributes;
}

/** Both object stores of a migration. Opened lazily: reading `source` or `target` throws `SETTING_MISSING` when a setting is. */
export interface ObjectPorts {
  readonly source: ObjectStore;
  readonly target: ObjectStore;
  /** How the source's buckets are called on the target. */
  readonly naming: BucketNaming;
  /**
   * Copies one object with its headers and metadata, streamed, and proves on the way what can be proven: a plain ETag
   * goes along as Content-MD5, every part's ETag is compared with the MD5 of what was sent. Retries what may pass by
   * itself. Throws `OBJECTS_CHANGED_DURING_COPY` when the object is no longer the one of the request, `NOT_FOUND` when
   * it is gone, `OBJECTS_DAMAGED` when the bytes do not arrive as they are.
   */
  copy(request: CopyRequest, signal: AbortSignal): Promise<CopiedObject>;
  /**
   * Tells whether an object of the source had given attributes when it was copied. Undefined when these ports have not copied it as it is
   * listed now: attributes change only when an object is written again, and then its time does.
   */
  copiedWith(bucket: string, entry: ObjectEntry): ((attributes: ObjectAttributes) => boolean) | undefined;
  close(): Promise<void>;
}
