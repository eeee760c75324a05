import type { ExposureReport } from '#shared/contract/exposure';
import type { BucketAccess, Preflight } from '#shared/contract/access';

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
