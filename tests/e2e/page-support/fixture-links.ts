import type { LinkCheck, LinkFindings, LinkRewrite } from '#shared/contract/links';

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

export const linkRewrite: LinkRewrite = {
  id: '20261122T140000Z-abc123',
  at: '2026-11-22T14:00:00Z',
  rows: 4_100,
  undone: 0,
  left: 0,
};
