/** One rule of a bucket's CORS configuration. */
export interface CorsRule {
  readonly origins: readonly string[];
  readonly methods: readonly string[];
  readonly headers: readonly string[];
  readonly expose: readonly string[];
  /** Seconds. */
  readonly maxAge?: number | undefined;
}

/** What a bucket has set up besides its objects. What the store does not know, or this key may not read, is in `unknown`. */
export interface BucketSettings {
  readonly versioning: 'off' | 'enabled' | 'suspended';
  readonly objectLock: boolean;
  /** What the policy lets anybody do: S3 actions, such as `s3:GetObject`. */
  readonly publicActions: readonly string[];
  readonly policy: boolean;
  /** Whom the access list lets in. */
  readonly acl: 'owner' | 'others' | 'everybody';
  readonly encryption: 'none' | 'SSE-S3' | 'SSE-KMS';
  readonly lifecycleRules: number;
  readonly notifications: number;
  readonly replicationRules: number;
  readonly tags: number;
  readonly cors: readonly CorsRule[];
  readonly unknown: readonly string[];
}

/** What one object carries that its listing does not show. */
export interface ObjectExtras {
  /** Bytes of the names and values of its user metadata. */
  readonly metadataBytes: number;
  readonly tags: number;
  readonly locked: boolean;
  readonly kms: boolean;
  readonly redirect: boolean;
}

/** The settings of both sides' buckets. Every failure is an AppError that names the side. */
export interface BucketSettingsPorts {
  /** Reads only. */
  read(bucket: string, signal: AbortSignal): Promise<BucketSettings>;
  /** Undefined when the object is gone. Reads the source only. */
  extras(bucket: string, key: string, signal: AbortSignal): Promise<ObjectExtras | undefined>;
  /** The rules of a bucket of the target; none when there is no configuration. */
  targetCors(bucket: string, signal: AbortSignal): Promise<CorsRule[]>;
  /** Replaces the rules of a bucket of the target; none removes the configuration. */
  setTargetCors(bucket: string, rules: readonly CorsRule[], signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}
