import type { ExposureReport } from '#shared/contract/exposure';
import type { SchemaEntryView } from '#shared/contract/schema-entries';
import type { Comparison } from '#shared/contract/comparison';
import { defaultUserChoices } from '#shared/model/users-mapping';
import type { ActivityEntry } from '#shared/model/activity';
import type { ConnectionTest, ConnectionView } from '#shared/contract/connections';
import type { BucketAccess, Preflight } from '#shared/contract/access';
import type { LinkCheck, LinkFindings, LinkRewrite } from '#shared/contract/links';
import type { InspectReport } from '#shared/contract/migration';
import type { WorkspaceView } from '#shared/contract/workspaces';
import type { ErrorShape } from '#shared/model/errors';
import type { PlanView, StepPlan } from '#shared/model/run';
import { ends, settingDefinitions, settingsOf, type End, type SettingName } from '#shared/model/settings';

export const workspace: WorkspaceView = {
  path: '/home/operator/acme-shop',
  name: 'acme-shop',
  practice: false,
  secrets: { kind: 'passphrase', state: 'open' },
};

const values: Partial<Record<SettingName, string>> = {
  SOURCE_S3_ENDPOINT: 'http://minio:9000',
  SOURCE_S3_ACCESS_KEY_ID: 'AKIDSOURCE',
  SUPABASE_URL: 'https://abcdefgh.supabase.co',
  SUPABASE_PUBLISHABLE_KEY: 'sb_publishable_abc',
  R2_ACCOUNT_ID: '0123456789abcdef0123456789abcdef',
  R2_ACCESS_KEY_ID: 'AKIDR2',
  EASYPANEL_SSH_HOST: '203.0.113.7',
  EASYPANEL_SSH_USER: 'deploy',
};

const summaries: Record<End, string> = {
  sourceDatabase: 'db.internal:5432/shop',
  sourceObjects: 'minio:9000',
  supabase: 'abcdefgh.supabase.co',
  r2: '0123456789abcdef0123456789abcdef.r2.cloudflarestorage.com',
  easypanel: 'deploy@203.0.113.7',
};

/** A successful test of an end. */
export function passedTest(end: End): ConnectionTest {
  return {
    end,
    ok: true,
    at: '2026-11-22T13:58:12.000Z',
    latencyMs: 12.4,
    facts:
      end === 'sourceDatabase'
        ? [
            { label: 'Server', value: 'PostgreSQL 15.4' },
            { label: 'Role', value: 'shop (reads every table)' },
            { label: 'Size', value: '184 MB' },
          ]
        : [{ label: 'Reached', value: summaries[end] }],
    warnings:
      end === 'r2'
        ? [
            {
              code: 'R2_NO_PUBLIC_URL',
              message: 'No public URL is set.',
              hint: 'Links to files will need signed addresses.',
            },
          ]
        : [],
  };
}

/** A failed test of an end. */
export function failedTest(end: End, error: ErrorShape, setting?: SettingName): ConnectionTest {
  return {
    ...passedTest(end),
    ok: false,
    facts: [],
    warnings: [],
    error,
    ...(setting === undefined ? {} : { setting }),
  };
}

/** All five ends, set up and reachable. */
export function connectedEnds(): ConnectionView[] {
  return ends.map((end) => ({
    end,
    state: 'configured',
    missing: [],
    summary: summaries[end],
    settings: settingsOf(end).map((name) => {
      const { secret } = settingDefinitions[name];
      const value = values[name];
      if (secret) return { name, set: true, origin: 'workspace' as const };
      return value === undefined
        ? { name, set: false }
        : { name, set: true, origin: 'workspace' as const, value };
    }),
    lastTest: passedTest(end),
  }));
}

/** All five ends of a new workspace. */
export function emptyEnds(): ConnectionView[] {
  return ends.map((end) => ({
    end,
    state: 'empty',
    missing: settingsOf(end).filter((name) => settingDefinitions[name].required),
    summary: '',
    settings: settingsOf(end).map((name) => ({ name, set: false })),
  }));
}

const tableNames = [
  'customers',
  'addresses',
  'products',
  'product_images',
  'categories',
  'orders',
  'order_items',
  'payments',
  'refunds',
  'shipments',
  'carts',
  'cart_items',
  'reviews',
  'coupons',
  'events_2026_01',
  'events_2026_02',
  'inventory',
  'warehouses',
  'audit_log',
  'alembic_version',
];

/** Tables with rows and bytes; the same every time. */
export const tables = tableNames.map((name, index) => ({
  schema: 'public',
  name,
  rows: name === 'alembic_version' ? 1 : (index + 1) * (index + 1) * 480,
  bytes: name === 'alembic_version' ? 8192 : (index + 1) * (index + 1) * 61_000,
  indexBytes: name === 'alembic_version' ? 0 : (index + 1) * (index + 1) * 14_000,
}));

export const report: InspectReport = {
  at: '2026-11-22T14:00:00.000Z',
  database: {
    version: '15.4',
    name: 'shop',
    bytes: 184_000_000,
    settings: [
      { name: 'Version', source: '15.4', target: '17.4' },
      { name: 'Collation', source: 'de_DE.UTF-8 (libc)', target: 'C.UTF-8 (libc)' },
    ],
    estimate: {
      seconds: { least: 12, most: 32 },
      assumes: '23 MB a second on one connection, as a sample went',
    },
    tables,
    extensions: ['citext', 'pgcrypto'],
  },
  users: {
    table: 'public.users',
    count: 1204,
    hashes: [
      { kind: 'bcrypt $2b$ cost 12', users: 1198, accepted: true },
      { kind: 'none', users: 6, accepted: false },
    ],
    unverified: 31,
    inactive: 12,
    exceptions: { duplicate: 3 },
    badPhones: 0,
    ids: [{ table: 'public.users', type: 'uuid', kept: true, references: ['public.orders.user_id'] }],
    clashes: 0,
    triggers: [],
    mapping: {
      version: 1,
      sources: [
        {
          schema: 'public',
          name: 'users',
          id: 'id',
          joins: [],
          fields: { email: 'email', hash: 'hashed_password', active: 'is_active' },
          userMetadata: { full_name: 'full_name' },
          appMetadata: { role: 'role' },
        },
      ],
      choices: defaultUserChoices,
    },
    chosen: false,
    others: ['public.newsletter'],
    samples: [
      {
        table: 'public.users',
        users: [
          {
            id: '5f0c',
            email: 'a•••@e•••.com',
            phone: '',
            password: '$2b$12$•••',
            inactive: false,
            verified: true,
            createdAt: '2024-03-01',
            userMetadata: { full_name: 'A•••' },
            appMetadata: { role: 'a•••' },
          },
        ],
      },
    ],
    profileTriggers: [
      {
        table: 'public.users',
        sql: 'create or replace function "public"."users_of_new_user"() returns trigger language plpgsql as $$ … $$;',
        obstacles: ['shop_id'],
      },
    ],
    disputes: [
      {
        keep: {
          ref: 'public.users:5f0c',
          address: 'a•••@e•••.com',
          lastSignIn: '2026-03-01 10:00',
          createdAt: '2024-03-01',
          inactive: false,
        },
        why: 'signed in last',
        others: [
          {
            ref: 'public.users:77aa',
            address: 'A•••@e•••.com',
            lastSignIn: '',
            createdAt: '2023-03-01',
            inactive: false,
          },
        ],
      },
    ],
  },
  objects: {
    buckets: [
      {
        name: 'uploads',
        target: 'shop-uploads',
        objects: 412,
        bytes: 1_240_000_000,
        classes: [{ label: 'to 1 MiB', objects: 412, bytes: 1_240_000_000 }],
        largest: [{ key: '2026/largest.bin', bytes: 1_000_000 }],
        public: true,
      },
      {
        name: 'avatars',
        target: 'shop-avatars',
        objects: 96,
        bytes: 4_100_000,
        classes: [{ label: 'to 1 MiB', objects: 96, bytes: 4_100_000 }],
        largest: [{ key: '2026/largest.bin', bytes: 1_000_000 }],
        public: true,
      },
      {
        name: 'exports',
        target: 'shop-exports',
        objects: 3,
        bytes: 71_000_000,
        classes: [{ label: 'to 1 MiB', objects: 3, bytes: 71_000_000 }],
        largest: [{ key: '2026/largest.bin', bytes: 1_000_000 }],
        public: false,
      },
    ],
    estimate: {
      seconds: 106,
      assumes: '100 Mbit/s and 200 objects a second',
      writes: 590,
      reads: 512,
      operationsUsd: 0.003,
      storageUsdPerMonth: 0.02,
      pricesAsOf: '2026-11-22',
    },
  },
  findings: [
    {
      code: 'USERS_CASE_DUPLICATES',
      severity: 'warning',
      lane: 'users',
      message: '3 e-mail addresses differ only in letter case.',
      hint: 'The account that signed in last keeps the address.',
    },
    {
      code: 'ROWS_WITH_MINIO_URLS',
      severity: 'info',
      lane: 'database',
      message: '214 rows hold minio:9000 URLs.',
    },
  ],
};

export const steps: StepPlan[] = [
  {
    id: 'schema',
    title: 'Create the schema',
    lane: 'database',
    effect: 'create',
    needs: [],
    summary: 'Creates 20 tables, 6 types, 4 functions and 3 views in the schema public.',
    details: [
      "CREATE TYPE public.order_state AS ENUM ('open', 'paid', 'sent');",
      'CREATE TABLE public.customers (\n  id uuid PRIMARY KEY,\n  email citext NOT NULL\n);',
    ],
    warnings: [
      {
        code: 'EXTENSION_MOVED',
        message: 'The extension citext is created in the schema extensions.',
        hint: 'Set the search path of clients that name the type without schema.',
      },
    ],
    units: ['types', 'tables', 'functions'].map((id) => ({
      id,
      label: `schema ${id}`,
      expected: { done: 0, total: 10, unit: 'entries' },
    })),
  },
  {
    id: 'data',
    title: 'Copy the rows',
    lane: 'database',
    effect: 'create',
    needs: ['schema'],
    summary: 'Copies the rows of 20 tables under one snapshot.',
    details: [],
    warnings: [],
    units: tables.map(({ schema, name, rows, bytes }) => ({
      id: `${schema}.${name}`,
      label: `${schema}.${name}`,
      expected: { done: 0, total: rows, unit: 'rows' },
      bytes,
    })),
  },
  {
    id: 'users',
    title: 'Move the users',
    lane: 'users',
    effect: 'create',
    needs: ['data'],
    summary: 'Creates 1,201 accounts with their ids and password hashes.',
    details: [],
    warnings: [{ code: 'USERS_MERGED', message: '3 duplicates are merged.' }],
    units: [{ id: 'batch-0', label: 'users 1 to 1,201', expected: { done: 0, total: 1201, unit: 'users' } }],
  },
  {
    id: 'objects',
    title: 'Copy the files',
    lane: 'objects',
    effect: 'create',
    needs: [],
    summary: 'Creates 3 buckets and copies 511 objects, 1.3 GB.',
    details: ['acme-uploads', 'acme-avatars', 'acme-exports'],
    warnings: [],
    units: Array.from({ length: 48 }, (_value, index) => ({
      id: `uploads-${index}`,
      label: `uploads: 2024/IMG ${String(index * 9).padStart(4, '0')}.JPG to 2024/IMG ${String(index * 9 + 8).padStart(4, '0')}.JPG`,
      expected: { done: 0, total: 9, unit: 'objects' },
      bytes: 26_000_000,
    })),
  },
];

export const plan: PlanView = {
  hash: 'sha256:5c1f0f5e',
  createdAt: '2026-11-22T14:01:00.000Z',
  only: ['database', 'users', 'objects'],
  steps,
};

/** One act of each outcome, one of them with very long texts. */
export function acts(): ActivityEntry[] {
  const act = { at: '2026-11-22T14:02:00.000Z', by: 'ada@console', host: 'browser' as const };
  return [
    {
      ...act,
      id: '3',
      area: 'users',
      action: 'user.ban',
      target: 'grace@example.org',
      outcome: 'done',
      before: { ban: null },
      after: { ban: '24h' },
    },
    {
      ...act,
      id: '2',
      area: 'buckets',
      action: 'objects.delete',
      target: 'media/'.repeat(60),
      outcome: 'partial',
      detail: '3 of 10,000 objects could not be deleted.',
    },
    {
      ...act,
      id: '1',
      area: 'migration',
      action: 'run.end',
      target: '20261122T140200Z-abc123',
      outcome: 'failed',
    },
  ];
}

export const linkFindings: LinkFindings = {
  side: 'target',
  at: '2026-11-22T14:00:00.000Z',
  tables: 24,
  columns: [
    {
      schema: 'public',
      table: 'products',
      column: 'image_urls',
      type: 'text[]',
      rows: 4_100,
      links: 8_200,
      signed: 12,
      left: { 'unknown-bucket': 3 },
      samples: [
        {
          before: 'http://minio:9000/uploads/products/0001/photo-1.jpg',
          after: 'https://shop-uploads.example.com/products/0001/photo-1.jpg',
        },
        { before: 'http://minio:9000/backups/old.tar' },
      ],
    },
    {
      schema: 'public',
      table: 'pages',
      column: 'search',
      type: 'text',
      fixed: 'generated',
      rows: 3,
      links: 3,
      signed: 0,
      left: {},
      samples: [],
    },
  ],
  definitions: [{ kind: 'function', name: 'public.cover_url' }],
  addresses: ['minio (no port, 80, 443, 9000)'],
  buckets: [
    { bucket: 'uploads', address: 'https://shop-uploads.example.com' },
    { bucket: 'exports', address: null },
  ],
  triggers: 'replica',
};

export const linkCheck: LinkCheck = {
  asked: 120,
  more: false,
  answers: [
    { bucket: 'uploads', outcome: 'answers', count: 118, examples: [] },
    {
      bucket: 'uploads',
      outcome: 'missing',
      count: 2,
      examples: [{ url: 'https://shop-uploads.example.com/gone.jpg', answer: 'HTTP 404' }],
    },
  ],
};

/** What a look at the rows of a differing table finds. */
export const comparison: Comparison = {
  at: '2026-11-22T14:30:00Z',
  equal: false,
  evidence: [],
  differences: [
    {
      table: 'public.payments',
      columns: ['id', 'amount', 'note'],
      key: ['id'],
      counts: { missing: 2, extra: 0, changed: 1 },
      complete: true,
      ranges: [
        { kind: 'missing', from: ['101'], to: ['102'], rows: 2 },
        { kind: 'changed', from: ['90017'], to: ['90017'], rows: 1 },
      ],
      rows: [
        { kind: 'missing', key: ['101'], source: ['101', '12.50', null], target: null, differs: [] },
        {
          kind: 'changed',
          key: ['90017'],
          source: ['90017', '1.0', 'paid by card'],
          target: ['90017', '1.00', 'paid by card'],
          differs: [1],
        },
      ],
    },
  ],
};
export const linkRewrite: LinkRewrite = {
  id: '20261122T140000Z-abc123',
  at: '2026-11-22T14:00:00Z',
  rows: 4_100,
  undone: 0,
  left: 0,
};

const rule = (origin: string, methods: string[]): BucketAccess['current'][number] => ({
  origins: [origin],
  methods,
  headers: ['content-type'],
  expose: ['ETag'],
  maxAge: 3600,
});

export const bucketAccess: BucketAccess[] = [
  {
    bucket: 'uploads',
    target: 'shop-uploads',
    exists: true,
    public: true,
    address: 'https://shop-uploads.example.com',
    todo: ['Connect shop-uploads.example.com to shop-uploads (R2, the bucket, Settings, Custom domains).'],
    source: [rule('https://shop.example.com', ['GET'])],
    current: [],
    proposed: [rule('https://shop.example.com', ['GET'])],
  },
  {
    bucket: 'exports',
    target: 'shop-exports',
    exists: true,
    public: false,
    address: null,
    todo: ['It was private and stays so: connect no domain, sign addresses in the application.'],
    source: [],
    current: [],
    proposed: [],
  },
];

export const exposureReport: ExposureReport = {
  at: '2026-11-22T14:00:00.000Z',
  schemas: ['public'],
  findings: [
    {
      id: 'SENSITIVE_COLUMNS_EXPOSED "public"."users"',
      code: 'SENSITIVE_COLUMNS_EXPOSED',
      severity: 'must-fix',
      object: '"public"."users"',
      message:
        'public.users has columns that look like secrets: password_hash. Without row level security, anon may SELECT, INSERT; authenticated may SELECT.',
      sql: 'revoke all on "public"."users" from anon, authenticated;\nalter table "public"."users" enable row level security;',
    },
    {
      id: 'SECURITY_DEFINER_VIEW "public"."order_totals"',
      code: 'SECURITY_DEFINER_VIEW',
      severity: 'must-fix',
      object: '"public"."order_totals"',
      message:
        'public.order_totals reads with its owner’s rights, past row level security, and anon may SELECT.',
      sql: 'alter view "public"."order_totals" set (security_invoker = true);',
    },
    {
      id: 'RLS_OFF_WITHOUT_RIGHTS "public"."inventory"',
      code: 'RLS_OFF_WITHOUT_RIGHTS',
      severity: 'note',
      object: '"public"."inventory"',
      message:
        'public.inventory has row level security off. No public role has rights on it, so it is closed; a grant would open all of it.',
      sql: 'alter table "public"."inventory" enable row level security;',
    },
  ],
  proofs: [
    { object: 'public.users', answer: 'rows', status: 200 },
    { object: 'public.order_totals', answer: 'empty', status: 200 },
    { object: 'public.inventory', answer: 'refused', status: 401 },
  ],
};

export const preflights: Preflight[] = [
  {
    target: 'shop-uploads',
    url: 'https://shop-uploads.example.com/cutover-preflight',
    origin: 'https://shop.example.com',
    method: 'GET',
    allowed: true,
    answer: 'HTTP 200, origin https://shop.example.com, methods GET HEAD',
  },
  {
    target: 'shop-uploads',
    url: 'https://account.r2.cloudflarestorage.com/shop-uploads/cutover-preflight',
    origin: 'https://shop.example.com',
    method: 'PUT',
    allowed: false,
    answer: 'HTTP 403, origin not allowed, methods none',
  },
];

const entryOf = (
  type: string,
  name: string,
  sql: string,
  changes: Partial<SchemaEntryView> = {},
): SchemaEntryView => ({
  id: `${type} ${name}`,
  type,
  name,
  sql,
  decision: 'applied',
  reasons: [],
  chosen: false,
  optional: true,
  ...changes,
});

/** A schema in which a trigger hangs on a function, with entries that can't be applied. */
export const schemaEntries: SchemaEntryView[] = [
  entryOf('EXTENSION', 'pg_trgm', 'create extension if not exists "pg_trgm" with schema "extensions";', {
    optional: false,
  }),
  entryOf('TYPE', 'public.mood', "CREATE TYPE public.mood AS ENUM (\n    'happy',\n    'sad'\n);"),
  entryOf(
    'FUNCTION',
    'public.audit()',
    'CREATE FUNCTION public.audit() RETURNS trigger\n    LANGUAGE plpgsql\n    AS $$ begin return new; end $$;',
  ),
  entryOf(
    'TABLE',
    'public.orders',
    'CREATE TABLE public.orders (\n    id bigint NOT NULL,\n    state public.mood\n);',
  ),
  entryOf(
    'SEQUENCE',
    'public.orders_id_seq',
    'ALTER TABLE public.orders ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY;',
    {
      optional: false,
    },
  ),
  entryOf(
    'CONSTRAINT',
    'public.orders orders_pkey',
    'ALTER TABLE ONLY public.orders\n    ADD CONSTRAINT orders_pkey PRIMARY KEY (id);',
  ),
  entryOf(
    'TRIGGER',
    'public.orders audit',
    'CREATE TRIGGER audit AFTER INSERT ON public.orders FOR EACH ROW EXECUTE FUNCTION public.audit();',
  ),
  entryOf(
    'EVENT TRIGGER',
    'note_ddl',
    'CREATE EVENT TRIGGER note_ddl ON ddl_command_end EXECUTE FUNCTION public.noted();',
    {
      decision: 'left-out',
      reasons: ['event triggers need a superuser'],
      optional: false,
    },
  ),
  entryOf('ACL', 'public.TABLE orders', 'GRANT SELECT ON TABLE public.orders TO anon;', {
    reasons: ['the target has no role reporting'],
  }),
];
