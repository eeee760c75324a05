import { z } from 'zod';

/** The five services that a workspace connects to. */
export const ends = ['sourceDatabase', 'sourceObjects', 'supabase', 'r2', 'easypanel'] as const;
export const endSchema = z.enum(ends);
export type End = z.infer<typeof endSchema>;

export const endTitles: Record<End, string> = {
  sourceDatabase: 'Source PostgreSQL',
  sourceObjects: 'Source MinIO',
  supabase: 'Supabase',
  r2: 'Cloudflare R2',
  easypanel: 'Easypanel host',
};

/** What a setting belongs to: an end, or what live health needs besides them. */
export type SettingGroup = End | 'health';

/** Settings carry the names of their environment variables, so a form field, an .env line and an error name the same thing. */
export const settingNames = [
  'SOURCE_DATABASE_URL',
  'SOURCE_S3_ENDPOINT',
  'SOURCE_S3_ACCESS_KEY_ID',
  'SOURCE_S3_SECRET_ACCESS_KEY',
  'SOURCE_S3_BUCKETS',
  'SOURCE_S3_PUBLIC_URLS',
  'SUPABASE_URL',
  'SUPABASE_DB_URL',
  'SUPABASE_SECRET_KEY',
  'SUPABASE_PUBLISHABLE_KEY',
  'R2_ACCOUNT_ID',
  'R2_ENDPOINT',
  'R2_ACCESS_KEY_ID',
  'R2_SECRET_ACCESS_KEY',
  'R2_BUCKET_PREFIX',
  'R2_BUCKET_NAMES',
  'R2_PUBLIC_URL',
  'R2_PUBLIC_URLS',
  'EASYPANEL_SSH_HOST',
  'EASYPANEL_SSH_PORT',
  'EASYPANEL_SSH_USER',
  'EASYPANEL_SSH_KEY_FILE',
  'EASYPANEL_SSH_HOST_KEY',
  'APP_BACKEND_URL',
  'APP_FRONTEND_URL',
  'APP_REDIS_URL',
  'SUPABASE_ACCESS_TOKEN',
  'HEALTH_CANARY_EMAIL',
  'HEALTH_CANARY_PASSWORD',
  'HEALTH_WEBHOOK_URL',
  'HEALTH_SMTP_URL',
  'HEALTH_MAIL_TO',
  'LOAD_CHECK_TOKEN',
  'EASYPANEL_DOCKER_SOCKET',
  'EASYPANEL_STACK',
  'EASYPANEL_SSH_PASSWORD',
  'EASYPANEL_API_TOKEN',
  'EASYPANEL_PANEL_PORT',
  'SOURCE_PG_DUMP',
] as const;
export const settingNameSchema = z.enum(settingNames);
export type SettingName = z.infer<typeof settingNameSchema>;

export interface SettingDefinition {
  end: SettingGroup;
  label: string;
  /** One line under the field. */
  help: string;
  /** A secret is never shown again once set, and never stored in `workspace.json`. */
  secret: boolean;
  required: boolean;
  placeholder: string;
  /** Other variable names that mean the same. */
  aliases: readonly string[];
}

const setting = (
  end: SettingGroup,
  label: string,
  help: string,
  placeholder: string,
  flags: { secret?: boolean; required?: boolean; aliases?: readonly string[] } = {},
): SettingDefinition => ({
  end,
  label,
  help,
  placeholder,
  secret: flags.secret ?? false,
  required: flags.required ?? false,
  aliases: flags.aliases ?? [],
});

/** Every setting, in the order in which forms and `.env` files show them. */
export const settingDefinitions: Record<SettingName, SettingDefinition> = {
  SOURCE_DATABASE_URL: setting(
    'sourceDatabase',
    'Connection URL',
    'The database as the application reaches it. Reading is enough.',
    'postgresql://user:password@host:5432/database',
    { secret: true, required: true },
  ),
  SOURCE_S3_ENDPOINT: setting(
    'sourceObjects',
    'Endpoint',
    'Scheme, host and port of MinIO.',
    'http://minio:9000',
    {
      required: true,
    },
  ),
  SOURCE_S3_ACCESS_KEY_ID: setting(
    'sourceObjects',
    'Access key',
    'An access key that may list and read.',
    '',
    {
      required: true,
    },
  ),
  SOURCE_S3_SECRET_ACCESS_KEY: setting('sourceObjects', 'Secret key', 'The secret of that access key.', '', {
    secret: true,
    required: true,
  }),
  SOURCE_S3_BUCKETS: setting(
    'sourceObjects',
    'Buckets',
    'Comma-separated. Empty means every bucket.',
    'uploads,avatars',
  ),
  SOURCE_S3_PUBLIC_URLS: setting(
    'sourceObjects',
    'Other addresses',
    'Under which files are linked too, comma-separated; bucket=… where an address serves one bucket.',
    'https://files.example.com,avatars=https://img.example.com',
  ),
  SUPABASE_URL: setting(
    'supabase',
    'Project URL',
    'From the project settings, API.',
    'https://abcdefgh.supabase.co',
    {
      required: true,
    },
  ),
  SUPABASE_DB_URL: setting(
    'supabase',
    'Database URL',
    'The direct connection or the session pooler (port 5432), not the transaction pooler.',
    'postgresql://postgres.abcdefgh:password@region.pooler.supabase.com:5432/postgres',
    { secret: true, required: true },
  ),
  SUPABASE_SECRET_KEY: setting(
    'supabase',
    'Secret key',
    'sb_secret_… or the old service_role key.',
    'sb_secret_…',
    {
      secret: true,
      required: true,
      aliases: ['SUPABASE_SERVICE_ROLE_KEY'],
    },
  ),
  SUPABASE_PUBLISHABLE_KEY: setting(
    'supabase',
    'Publishable key',
    'sb_publishable_… or the old anon key. Used to prove what the public can reach.',
    'sb_publishable_…',
    { aliases: ['SUPABASE_ANON_KEY'] },
  ),
  R2_ACCOUNT_ID: setting('r2', 'Account ID', 'From the R2 overview page. The endpoint follows from it.', ''),
  R2_ENDPOINT: setting(
    'r2',
    'Endpoint',
    'Only when it differs from the account endpoint (jurisdictions).',
    '',
  ),
  R2_ACCESS_KEY_ID: setting('r2', 'Access key ID', 'An R2 API token that may read and write objects.', '', {
    required: true,
  }),
  R2_SECRET_ACCESS_KEY: setting('r2', 'Secret access key', 'The secret of that token.', '', {
    secret: true,
    required: true,
  }),
  R2_BUCKET_PREFIX: setting('r2', 'Bucket prefix', 'Put before each bucket name on R2.', 'acme-'),
  R2_BUCKET_NAMES: setting(
    'r2',
    'Bucket names',
    'Where a bucket is to have another name on R2, comma-separated. They get no prefix.',
    'Old.Files=old-files,media=shop-media',
  ),
  R2_PUBLIC_URL: setting(
    'r2',
    'Public URL',
    'The custom domain that serves public files. {bucket} stands for the bucket’s name on R2.',
    'https://{bucket}.example.com',
  ),
  R2_PUBLIC_URLS: setting(
    'r2',
    'Public URL by bucket',
    'Where buckets have domains of their own, comma-separated.',
    'uploads=https://cdn.example.com,avatars=https://img.example.com',
  ),
  EASYPANEL_SSH_HOST: setting('easypanel', 'Host', 'Name or address of the Docker host.', '203.0.113.7'),
  EASYPANEL_SSH_PORT: setting('easypanel', 'Port', 'SSH port, 22 unless changed.', '22'),
  EASYPANEL_SSH_USER: setting('easypanel', 'User', 'A user who may use Docker.', 'deploy'),
  EASYPANEL_SSH_KEY_FILE: setting(
    'easypanel',
    'Private key file',
    'Path on this machine.',
    '~/.ssh/id_ed25519',
  ),
  EASYPANEL_SSH_HOST_KEY: setting(
    'easypanel',
    'Host key fingerprint',
    'SHA256:… as the host shows it. A different key is refused.',
    'SHA256:…',
  ),
  APP_BACKEND_URL: setting(
    'health',
    'Backend address',
    'Its /health and /health/ready are asked.',
    'https://api.example.com',
  ),
  APP_FRONTEND_URL: setting('health', 'Frontend address', 'The front page.', 'https://www.example.com'),
  APP_REDIS_URL: setting(
    'health',
    'Redis URL',
    'As this machine reaches it. Queue lengths are read here too.',
    'redis://:password@host:6379',
    { secret: true },
  ),
  SUPABASE_ACCESS_TOKEN: setting(
    'health',
    'Supabase access token',
    'A personal access token: services, backups and advisors of the project are read.',
    'sbp_…',
    { secret: true },
  ),
  HEALTH_CANARY_EMAIL: setting(
    'health',
    'Canary user',
    'An account without rights that signs in every few minutes.',
    'canary@example.com',
  ),
  HEALTH_CANARY_PASSWORD: setting('health', 'Canary password', 'The password of that account.', '', {
    secret: true,
  }),
  HEALTH_WEBHOOK_URL: setting(
    'health',
    'Webhook',
    'Slack, Discord or any address that takes JSON. The address is a credential.',
    'https://hooks.slack.com/services/…',
    { secret: true },
  ),
  HEALTH_SMTP_URL: setting(
    'health',
    'Mail server',
    'For alerts by mail.',
    'smtps://user:password@mail.example.com:465',
    { secret: true },
  ),
  HEALTH_MAIL_TO: setting('health', 'Mail to', 'Who gets alerts; also the sender.', 'ops@example.com'),
  LOAD_CHECK_TOKEN: setting(
    'health',
    'Token for load checks',
    'Sent as a bearer token to the routes of a load check that asks for it.',
    'eyJ…',
    { secret: true },
  ),
  EASYPANEL_DOCKER_SOCKET: setting(
    'easypanel',
    'Docker socket',
    'Path on the host; only where it is another one, as without root.',
    '/var/run/docker.sock',
  ),
  EASYPANEL_STACK: setting(
    'easypanel',
    'Stack',
    'Name of the Docker stack that releases go to. Not that of an Easypanel service, which would overwrite it.',
    'app',
  ),
  EASYPANEL_SSH_PASSWORD: setting(
    'easypanel',
    'SSH password',
    'Only where there is no key. A key file is used first.',
    '',
    { secret: true },
  ),
  EASYPANEL_API_TOKEN: setting(
    'easypanel',
    'Panel token',
    'From the panel’s settings, for its services and domains. Releases need none.',
    '',
    { secret: true },
  ),
  EASYPANEL_PANEL_PORT: setting(
    'easypanel',
    'Panel port',
    'Of the panel on its host, reached through SSH.',
    '3000',
  ),
  SOURCE_PG_DUMP: setting(
    'sourceDatabase',
    'pg_dump',
    'Which one reads the schema; empty: the one in Cutover, another where that can’t. built-in, native, or docker:CONTAINER on the SSH host.',
    'native',
  ),
};

/** The settings of one group, in display order. */
export function settingsOf(end: SettingGroup): SettingName[] {
  return settingNames.filter((name) => settingDefinitions[name].end === end);
}

/** The setting that an environment variable fills: by its own name or an alias. */
export function settingForVariable(variable: string): SettingName | undefined {
  return settingNames.find(
    (name) => name === variable || settingDefinitions[name].aliases.includes(variable),
  );
}
