import type { SchemaEntryView } from '#shared/contract/schema-entries';
import { defaultUserChoices } from '#shared/model/users-mapping';
import type { InspectReport } from '#shared/contract/migration';

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
