import { AppError } from '#shared/model/errors';
import type { SettingName } from '#shared/model/settings';
import type { Settings } from '../../ports/settings';
import type { StoreConfig } from './store-client';

/** Where the source is. Throws `SETTING_MISSING` and `SETTING_INVALID`. */
export function sourceConfig(settings: Settings): StoreConfig {
  return {
    side: 'source',
    endpoint: originOf('SOURCE_S3_ENDPOINT', settings.require('SOURCE_S3_ENDPOINT')),
    region: 'us-east-1',
    accessKeyId: settings.require('SOURCE_S3_ACCESS_KEY_ID'),
    secretAccessKey: settings.require('SOURCE_S3_SECRET_ACCESS_KEY'),
  };
}

/** Where the target is: `R2_ENDPOINT`, or the endpoint that follows from the account. Throws `SETTING_MISSING` and `SETTING_INVALID`. */
export function targetConfig(settings: Settings): StoreConfig {
  const endpoint = settings.get('R2_ENDPOINT');
  return {
    side: 'target',
    endpoint:
      endpoint === undefined
        ? accountEndpoint(settings.require('R2_ACCOUNT_ID'))
        : originOf('R2_ENDPOINT', endpoint),
    region: 'auto',
    accessKeyId: settings.require('R2_ACCESS_KEY_ID'),
    secretAccessKey: settings.require('R2_SECRET_ACCESS_KEY'),
  };
}

/** The buckets to which the settings limit the source; none means all. */
export function chosenBuckets(settings: Settings): string[] {
  return (settings.get('SOURCE_S3_BUCKETS') ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

function accountEndpoint(account: string): string {
  if (!/^[0-9a-f]{32}$/.test(account)) {
    throw new AppError('SETTING_INVALID', 'R2_ACCOUNT_ID is not an account ID.', {
      hint: 'Copy the 32 hexadecimal characters from the R2 overview page.',
      details: { setting: 'R2_ACCOUNT_ID' },
    });
  }
  return `https://${account}.r2.cloudflarestorage.com`;
}

function originOf(setting: SettingName, text: string): string {
  const invalid = (message: string): AppError =>
    new AppError('SETTING_INVALID', `${setting} ${message}`, {
      hint: 'Give scheme, host and port only, such as http://minio.example.com:9000.',
      details: { setting },
    });
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw invalid('is not an http or https address.');
  if (url.username !== '' || url.password !== '') throw invalid('must not hold a user name or password.');
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '')
    throw invalid('has a path; the bucket does not belong into it.');
  return url.origin;
}
