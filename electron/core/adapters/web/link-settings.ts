import { readBucketNaming } from '#shared/model/bucket-naming';
import type { LinkSettings, PublicAddresses } from '../../ports/links';
import type { Settings } from '../../ports/settings';

/** Entries of a comma-separated list, each an address that may have a bucket and an equals sign before it. */
function entries(text: string): { bucket?: string; url: string }[] {
  return text
    .split(',')
    .filter((part) => part !== '')
    .map((part) => {
      const named = /^([^=/:]+)=(.*)$/.exec(part);
      return named === null ? { url: part } : { bucket: named[1] ?? '', url: named[2] ?? '' };
    });
}

/** What the settings say of the new addresses of files. Throws `SETTING_INVALID`. */
export function publicAddresses(settings: Settings): PublicAddresses {
  return {
    naming: readBucketNaming((name) => settings.get(name)),
    publicUrl: settings.get('R2_PUBLIC_URL'),
    publicUrls: Object.fromEntries(
      entries(settings.get('R2_PUBLIC_URLS') ?? '').flatMap(({ bucket, url }) =>
        bucket === undefined ? [] : [[bucket, url]],
      ),
    ),
  };
}

/** What the settings say of the addresses of files. Throws `SETTING_MISSING` and `SETTING_INVALID`. */
export function linkSettings(settings: Settings): LinkSettings {
  return {
    sourceEndpoint: settings.require('SOURCE_S3_ENDPOINT'),
    otherAddresses: entries(settings.get('SOURCE_S3_PUBLIC_URLS') ?? ''),
    ...publicAddresses(settings),
  };
}
