import { stackNameSchema } from '#shared/model/deploy';
import { AppError } from '#shared/model/errors';
import { settingDefinitions, type SettingName } from '#shared/model/settings';
import { parseConnectionUrl } from './connection-url';

/** Gives the normal form of a value, or the reason why it is none. Reasons never repeat the value: it may be a secret. */
type Rule = (value: string) => { value: string } | { reason: string };

const anyText: Rule = (value) => ({ value });

const oneWord: Rule = (value) =>
  /[\s\p{Cc}]/u.test(value) ? { reason: 'holds a space or a control character' } : { value };

const databaseUrl: Rule = (value) => {
  const url = parseConnectionUrl(value);
  if (url === undefined) {
    return { reason: 'is not a URL of the form postgresql://user:password@host:5432/database' };
  }
  if (url.host === '') return { reason: 'names no host' };
  if (url.database === '') return { reason: 'names no database after the host' };
  return { value };
};

const webUrl: Rule = (value) => {
  if (!URL.canParse(value)) return { reason: 'is not a URL of the form https://host' };
  const url = new URL(value);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    return { reason: 'does not start with http:// or https://' };
  }
  if (url.username !== '' || url.password !== '') {
    return { reason: 'holds a user name or password; keys have settings of their own' };
  }
  if (url.search !== '' || url.hash !== '') return { reason: 'holds a query or a fragment' };
  return { value: `${url.origin}${url.pathname}`.replace(/\/+$/, '') };
};

const placeholder = 'bucket-name';

/** An address with `{bucket}` for the name of a bucket, in the host or in the path. */
const publicUrl: Rule = (value) => {
  const result = webUrl(value.replaceAll('{bucket}', placeholder));
  return 'value' in result ? { value: result.value.replaceAll(placeholder, '{bucket}') } : result;
};

/** Comma-separated addresses, each with the bucket that it serves before it where that is `needed` or given. */
const publicUrls =
  (needed: boolean): Rule =>
  (value) => {
    const normal: string[] = [];
    for (const part of value.split(',').map((text) => text.trim())) {
      if (part === '') continue;
      const [, name, address] = /^(?:([A-Za-z0-9._-]+)=)?(.*)$/s.exec(part) ?? [];
      if (needed && name === undefined) return { reason: 'has an address without bucket= before it' };
      const result = webUrl(address ?? '');
      if ('reason' in result) return { reason: `has an entry that ${result.reason}` };
      normal.push(name === undefined ? result.value : `${name}=${result.value}`);
    }
    return { value: normal.join(',') };
  };

/** A URL whose scheme is one of these and which names a host. */
const urlOf =
  (example: string, ...schemes: string[]): Rule =>
  (value) => {
    const url = URL.canParse(value) ? new URL(value) : undefined;
    return url !== undefined && schemes.includes(url.protocol) && url.hostname !== ''
      ? { value }
      : { reason: `is not a URL of the form ${example}` };
  };

const mailAddress: Rule = (value) =>
  /^[^\s@<>,]+@[^\s@<>,]+$/.test(value) ? { value } : { reason: 'is not a mail address' };

const portNumber: Rule = (value) => {
  const port = /^\d{1,5}$/.test(value) ? Number(value) : 0;
  return port >= 1 && port <= 65535
    ? { value: String(port) }
    : { reason: 'is not a port number from 1 to 65535' };
};

const bucketList: Rule = (value) => {
  const names = value
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  const bad = names.some((name) => !/^[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]$/.test(name));
  if (bad) return { reason: 'is not a comma-separated list of bucket names' };
  return { value: [...new Set(names)].join(',') };
};

/** Comma-separated names of buckets with their names on R2: `old=new`. */
const bucketNames: Rule = (value) => {
  const normal = new Map<string, string>();
  for (const part of value.split(',').map((text) => text.trim())) {
    if (part === '') continue;
    const [, source, target] = /^([A-Za-z0-9][A-Za-z0-9._-]*) *= *([^=]*)$/.exec(part) ?? [];
    if (source === undefined || target === undefined) return { reason: 'has an entry that is not old=new' };
    if (!/^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/.test(target))
      return { reason: 'gives a bucket a name that R2 does not take' };
    if (normal.has(source)) return { reason: 'names a bucket twice' };
    if ([...normal.values()].includes(target)) return { reason: 'gives two buckets the same name' };
    normal.set(source, target);
  }
  return { value: [...normal].map((entry) => entry.join('=')).join(',') };
};

const rules: Record<SettingName, Rule> = {
  SOURCE_DATABASE_URL: databaseUrl,
  SOURCE_S3_ENDPOINT: webUrl,
  SOURCE_S3_ACCESS_KEY_ID: oneWord,
  SOURCE_S3_SECRET_ACCESS_KEY: oneWord,
  SOURCE_S3_BUCKETS: bucketList,
  SOURCE_S3_PUBLIC_URLS: publicUrls(false),
  SUPABASE_URL: webUrl,
  SUPABASE_DB_URL: databaseUrl,
  SUPABASE_SECRET_KEY: oneWord,
  SUPABASE_PUBLISHABLE_KEY: oneWord,
  R2_ACCOUNT_ID: (value) =>
    /^[0-9a-f]{32}$/i.test(value)
      ? { value: value.toLowerCase() }
      : { reason: 'is not an account ID of 32 hexadecimal characters' },
  R2_ENDPOINT: webUrl,
  R2_ACCESS_KEY_ID: oneWord,
  R2_SECRET_ACCESS_KEY: oneWord,
  R2_BUCKET_PREFIX: (value) =>
    /^[a-z0-9][a-z0-9-]{0,40}$/.test(value)
      ? { value }
      : {
          reason:
            'may hold lower-case letters, digits and hyphens only, at most 41, and starts with no hyphen',
        },
  R2_BUCKET_NAMES: bucketNames,
  R2_PUBLIC_URL: publicUrl,
  R2_PUBLIC_URLS: publicUrls(true),
  EASYPANEL_SSH_HOST: (value) =>
    /^[A-Za-z0-9.:_[\]-]+$/.test(value) && !value.startsWith('-')
      ? { value: value.replace(/^\[(.*)\]$/, '$1') }
      : { reason: 'is not a host name or an address' },
  EASYPANEL_SSH_PORT: portNumber,
  EASYPANEL_SSH_USER: oneWord,
  EASYPANEL_SSH_KEY_FILE: anyText,
  EASYPANEL_SSH_HOST_KEY: (value) => {
    const fingerprint = /^SHA256:([A-Za-z0-9+/]{43})=?$/.exec(value)?.[1];
    return fingerprint === undefined
      ? { reason: 'is not a fingerprint of the form SHA256:… with 43 characters' }
      : { value: `SHA256:${fingerprint}` };
  },
  APP_BACKEND_URL: webUrl,
  APP_FRONTEND_URL: webUrl,
  APP_REDIS_URL: urlOf('redis://:password@host:6379', 'redis:', 'rediss:'),
  SUPABASE_ACCESS_TOKEN: oneWord,
  HEALTH_CANARY_EMAIL: mailAddress,
  HEALTH_CANARY_PASSWORD: anyText,
  HEALTH_WEBHOOK_URL: urlOf('https://host/path', 'https:', 'http:'),
  HEALTH_SMTP_URL: urlOf('smtps://user:password@host:465', 'smtp:', 'smtps:'),
  HEALTH_MAIL_TO: mailAddress,
  LOAD_CHECK_TOKEN: oneWord,
  EASYPANEL_DOCKER_SOCKET: (value) =>
    /^\/[^\s\p{Cc}]+$/u.test(value) ? { value } : { reason: 'is not an absolute path on the host' },
  EASYPANEL_STACK: (value) =>
    stackNameSchema.safeParse(value).success
      ? { value }
      : { reason: 'is not a name of lower-case letters, digits, _ and -' },
  EASYPANEL_SSH_PASSWORD: anyText,
  EASYPANEL_API_TOKEN: oneWord,
  EASYPANEL_PANEL_PORT: portNumber,
  SOURCE_PG_DUMP: (value) =>
    /^(?:built-in|native|docker:[\w.-]+)$/.test(value)
      ? { value }
      : { reason: 'is not built-in, native or docker: with the name of a container' },
};

/** The normal form of a setting's value. Throws `SETTING_INVALID`, which names the setting and never repeats the value. */
export function normaliseSetting(name: SettingName, text: string): string {
  const result = rules[name](text.trim());
  if ('value' in result) return result.value;
  const { placeholder, help } = settingDefinitions[name];
  throw new AppError('SETTING_INVALID', `${name} ${result.reason}.`, {
    hint: placeholder === '' ? help : `${help} Example: ${placeholder}`,
    details: { setting: name },
  });
}

/** The S3 endpoint of a Cloudflare account. */
export function r2EndpointOf(accountId: string): string {
  return `https://${accountId}.r2.cloudflarestorage.com`;
}
