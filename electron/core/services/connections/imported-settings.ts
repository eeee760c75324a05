import {
  settingDefinitions,
  settingForVariable,
  settingNames,
  type SettingName,
} from '#shared/model/settings';
import { parseConnectionUrl } from '../settings/connection-url';

export interface Found {
  value: string;
  /** The variable or place it comes from; never a value. */
  from: string;
}

export interface ImportedSettings {
  found: Partial<Record<SettingName, Found>>;
  /** Settings that the text should have given and did not, with the reason. */
  missing: Partial<Record<SettingName, string>>;
  ignored: { name: string; reason: string }[];
}

/** Variables by name. */
export type Variables = ReadonlyMap<string, Found>;

/** Names that applications use for what Cutover calls otherwise, the most telling first. */
const otherNames: Partial<Record<SettingName, readonly string[]>> = {
  SOURCE_S3_ACCESS_KEY_ID: [
    'S3_ACCESS_KEY_ID',
    'S3_ACCESS_KEY',
    'MINIO_ACCESS_KEY',
    'MINIO_ACCESS_KEY_ID',
    'AWS_ACCESS_KEY_ID',
    'MINIO_ROOT_USER',
  ],
  SOURCE_S3_SECRET_ACCESS_KEY: [
    'S3_SECRET_ACCESS_KEY',
    'S3_SECRET_KEY',
    'MINIO_SECRET_KEY',
    'MINIO_SECRET_ACCESS_KEY',
    'AWS_SECRET_ACCESS_KEY',
    'MINIO_ROOT_PASSWORD',
  ],
  SOURCE_S3_BUCKETS: [
    'S3_BUCKETS',
    'MINIO_BUCKETS',
    'MINIO_DEFAULT_BUCKETS',
    'S3_BUCKET',
    'S3_BUCKET_NAME',
    'MINIO_BUCKET',
    'MINIO_BUCKET_NAME',
    'AWS_S3_BUCKET',
    'AWS_BUCKET',
    'AWS_STORAGE_BUCKET_NAME',
  ],
  SUPABASE_URL: ['NEXT_PUBLIC_SUPABASE_URL', 'VITE_SUPABASE_URL'],
  SUPABASE_PUBLISHABLE_KEY: [
    'NEXT_PUBLIC_SUPABASE_PUBLISHABLE_KEY',
    'NEXT_PUBLIC_SUPABASE_ANON_KEY',
    'VITE_SUPABASE_PUBLISHABLE_KEY',
    'VITE_SUPABASE_ANON_KEY',
    'SUPABASE_KEY',
  ],
  SUPABASE_SECRET_KEY: ['SUPABASE_SERVICE_KEY'],
  R2_ACCOUNT_ID: ['CLOUDFLARE_ACCOUNT_ID', 'CF_ACCOUNT_ID'],
};

const databaseUrlNames = [
  'DATABASE_URL',
  'POSTGRES_URL',
  'POSTGRESQL_URL',
  'DB_URL',
  'SQLALCHEMY_DATABASE_URI',
  'SQLALCHEMY_DATABASE_URL',
];
const endpointNames = [
  'S3_ENDPOINT_URL',
  'S3_ENDPOINT',
  'MINIO_ENDPOINT_URL',
  'MINIO_ENDPOINT',
  'MINIO_URL',
  'AWS_S3_ENDPOINT_URL',
  'AWS_ENDPOINT_URL_S3',
  'AWS_ENDPOINT_URL',
];
const endpointTlsNames = ['MINIO_SECURE', 'MINIO_USE_SSL', 'S3_USE_SSL', 'AWS_S3_USE_SSL'];
const databaseParts = {
  host: ['POSTGRES_HOST', 'POSTGRES_SERVER', 'DB_HOST', 'PGHOST', 'DATABASE_HOST'],
  port: ['POSTGRES_PORT', 'DB_PORT', 'PGPORT', 'DATABASE_PORT'],
  user: ['POSTGRES_USER', 'DB_USER', 'PGUSER', 'DATABASE_USER', 'POSTGRESQL_USERNAME'],
  password: ['POSTGRES_PASSWORD', 'DB_PASSWORD', 'PGPASSWORD', 'DATABASE_PASSWORD', 'POSTGRESQL_PASSWORD'],
  database: ['POSTGRES_DB', 'DB_NAME', 'PGDATABASE', 'DATABASE_NAME', 'POSTGRESQL_DATABASE'],
} as const;

/** A variable that seems to be about one of the services; others are the application's own business. */
const related =
  /^(SOURCE_|SUPABASE_|R2_|EASYPANEL_|S3_|AWS_|MINIO_|POSTGRES|PG[A-Z]+$|DB_|DATABASE_|CLOUDFLARE_)/;

/** What an application's variables say about the five ends. */
export function settingsInVariables(variables: Variables): ImportedSettings {
  const found: ImportedSettings['found'] = {};
  const used = new Set<string>();
  const take = (names: readonly string[]): Found | undefined => {
    const name = names.find((candidate) => (variables.get(candidate)?.value.trim() ?? '') !== '');
    if (name === undefined) return undefined;
    used.add(name);
    return variables.get(name);
  };

  for (const name of settingNames) {
    const direct = take([name, ...settingDefinitions[name].aliases, ...(otherNames[name] ?? [])]);
    if (direct !== undefined) found[name] = direct;
  }
  const url = take(databaseUrlNames);
  if (url !== undefined) {
    const plain = { value: withoutDriver(url.value), from: url.from };
    const host = parseConnectionUrl(plain.value)?.host ?? '';
    if (/\.supabase\.(co|com)$/.test(host)) found.SUPABASE_DB_URL ??= plain;
    else found.SOURCE_DATABASE_URL ??= plain;
  }
  const assembled = databaseFromParts(take);
  if (assembled !== undefined) found.SOURCE_DATABASE_URL ??= assembled;
  const endpoint = take(endpointNames);
  if (endpoint !== undefined) {
    const value = withScheme(endpoint.value.trim(), take(endpointTlsNames)?.value);
    if (/\.r2\.cloudflarestorage\.com\/?$/.test(value)) moveToR2(found, { value, from: endpoint.from });
    else found.SOURCE_S3_ENDPOINT ??= { value, from: endpoint.from };
  }

  const ignored = [...variables.keys()]
    .filter((name) => related.test(name) && !used.has(name))
    .map((name) => ({ name, reason: reasonToIgnore(name, variables) }));
  return { found, missing: {}, ignored };
}

/** Notes every setting that a migration needs and that nothing was found for. */
export function withMissing(imported: ImportedSettings, reason: string): ImportedSettings {
  const missing = { ...imported.missing };
  for (const name of settingNames) {
    const needed =
      settingDefinitions[name].required ||
      (name === 'R2_ACCOUNT_ID' && imported.found.R2_ENDPOINT === undefined);
    if (needed && imported.found[name] === undefined) missing[name] ??= reason;
  }
  return { ...imported, missing };
}

/** A PostgreSQL URL of its parts. */
export function databaseUrl(parts: {
  user: string;
  password: string;
  host: string;
  port: string;
  database: string;
}): string {
  const host = parts.host.includes(':') ? `[${parts.host}]` : parts.host;
  const [user, password, database] = [parts.user, parts.password, parts.database].map(encodeURIComponent);
  return `postgresql://${user ?? ''}:${password ?? ''}@${host}:${parts.port}/${database ?? ''}`;
}

/** `postgresql+asyncpg://` and the like are SQLAlchemy's way to name a driver. */
function withoutDriver(url: string): string {
  return url.trim().replace(/^postgres(?:ql)?\+\w+:\/\//, 'postgresql://');
}

function databaseFromParts(take: (names: readonly string[]) => Found | undefined): Found | undefined {
  const host = take(databaseParts.host);
  const password = take(databaseParts.password);
  if (host === undefined || password === undefined) return undefined;
  const user = take(databaseParts.user);
  const database = take(databaseParts.database);
  const port = take(databaseParts.port);
  const userName = user?.value ?? 'postgres';
  return {
    value: databaseUrl({
      user: userName,
      password: password.value,
      host: host.value,
      port: port?.value ?? '5432',
      database: database?.value ?? userName,
    }),
    from: [user, password, host, port, database].flatMap((part) => part?.from ?? []).join(', '),
  };
}

function withScheme(endpoint: string, tls: string | undefined): string {
  if (/^https?:\/\//i.test(endpoint)) return endpoint;
  return `${/^(1|true|yes|on)$/i.test(tls ?? '') ? 'https' : 'http'}://${endpoint}`;
}

/** Keys that stand beside an R2 endpoint are R2's, not MinIO's. */
function moveToR2(found: ImportedSettings['found'], endpoint: Found): void {
  found.R2_ENDPOINT ??= endpoint;
  if (
    found.SOURCE_S3_ACCESS_KEY_ID !== undefined &&
    !found.SOURCE_S3_ACCESS_KEY_ID.from.startsWith('SOURCE_')
  ) {
    found.R2_ACCESS_KEY_ID ??= found.SOURCE_S3_ACCESS_KEY_ID;
    delete found.SOURCE_S3_ACCESS_KEY_ID;
  }
  if (
    found.SOURCE_S3_SECRET_ACCESS_KEY !== undefined &&
    !found.SOURCE_S3_SECRET_ACCESS_KEY.from.startsWith('SOURCE_')
  ) {
    found.R2_SECRET_ACCESS_KEY ??= found.SOURCE_S3_SECRET_ACCESS_KEY;
    delete found.SOURCE_S3_SECRET_ACCESS_KEY;
  }
  if (found.SOURCE_S3_BUCKETS !== undefined && !found.SOURCE_S3_BUCKETS.from.startsWith('SOURCE_')) {
    delete found.SOURCE_S3_BUCKETS;
  }
}

function reasonToIgnore(name: string, variables: Variables): string {
  if (variables.get(name)?.value.trim() === '') return 'It has no value.';
  return settingForVariable(name) === undefined
    ? 'No setting takes it, or another variable already gave that setting.'
    : 'Another variable already gave that setting.';
}
