import fc from 'fast-check';

/** What a workspace knows after a migration. */
export const workspaceValues = {
  SUPABASE_URL: 'https://abcdefgh.supabase.co',
  SUPABASE_DB_URL: 'postgresql://postgres.abcdefgh:p%40ss@region.pooler.supabase.com:5432/postgres',
  SUPABASE_SECRET_KEY: 'sb_secret_0123456789abcdef',
  SUPABASE_PUBLISHABLE_KEY: 'sb_publishable_0123456789abcdef',
  R2_ENDPOINT: 'https://0123456789abcdef0123456789abcdef.r2.cloudflarestorage.com',
  R2_ACCESS_KEY_ID: 'access-key',
  R2_SECRET_ACCESS_KEY: 'r2-secret-0123456789abcdef',
};

/** What a release needs besides. */
export const releaseValues = {
  APP_VERSION: '1.4.2',
  FRONTEND_IMAGE: 'registry.example.com/shop/frontend:1.4.2',
  BACKEND_IMAGE: `registry.example.com/shop/backend:1.4.2@sha256:${'a'.repeat(64)}`,
  NEXT_PUBLIC_API_URL: 'https://api.example.com',
  CORS_ORIGINS: 'https://example.com',
  R2_BUCKET: 'shop-files',
};

const awkward = [
  '"',
  "'",
  '`',
  '$',
  '${HOME}',
  '$$',
  '#',
  ' #',
  '\n',
  '\r\n',
  '\\',
  '\\n',
  '=',
  ' ',
  ': ',
  '{{',
  'ü',
  '😀',
  '\t',
  'base64:',
];
const text = fc
  .array(
    fc.oneof(
      fc.constantFrom(...awkward),
      fc
        .string({ minLength: 1, maxLength: 6, unit: 'grapheme' })
        .filter((part) => !/[\0\p{Surrogate}]/u.test(part)),
    ),
    { minLength: 1, maxLength: 12 },
  )
  .map((parts) => parts.join(''));

/** Values as people choose them: everything may hold quotes, line breaks, `$`, `#` and any letter. */
export const generatedValues: fc.Arbitrary<Record<string, string>> = fc.record({
  OLD_JWT_SECRET: text,
  SUPABASE_JWT_SECRET: text,
  SUPABASE_SECRET_KEY: text,
  R2_SECRET_ACCESS_KEY: text,
  DATABASE_URL: text.map((password) => `postgresql://u:${password}@h:5432/d`),
  DATABASE_CA_CERTIFICATE: text,
  CORS_ORIGINS: text,
  BACKEND_REPLICAS: fc.integer({ min: 1, max: 9 }).map(String),
});
