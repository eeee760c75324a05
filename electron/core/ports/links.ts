import type { BucketNaming } from '#shared/model/bucket-naming';

/** What the settings say of the addresses under which the public finds the target's files. */
export interface PublicAddresses {
  /** How the source's buckets are called on the target. */
  readonly naming: BucketNaming;
  /** `{bucket}` in it stands for the bucket's name on the target; without it, it serves one bucket. No slash at its end. */
  readonly publicUrl: string | undefined;
  /** By bucket of the source. */
  readonly publicUrls: Readonly<Record<string, string>>;
}

/** What the settings say of the addresses of files, old and new. Holds no secret. */
export interface LinkSettings extends PublicAddresses {
  /** Scheme, host and port of the old storage. */
  readonly sourceEndpoint: string;
  /** Further addresses of it, as the operator added them; one with a bucket serves that bucket alone. */
  readonly otherAddresses: readonly { readonly url: string; readonly bucket?: string }[];
}

export interface WebAnswer {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
}

/** The addresses of files, and requests to them as the public makes them: without a key. */
export interface LinkPorts {
  /** Throws `SETTING_MISSING` and `SETTING_INVALID`. */
  settings(): LinkSettings;
  /** One request without redirects; the body is dropped. Throws an AppError when there is no answer. */
  request(
    url: string,
    options: { method: 'HEAD' | 'OPTIONS'; headers?: Readonly<Record<string, string>> },
    signal: AbortSignal,
  ): Promise<WebAnswer>;
}
