import type { LogLine } from '#shared/contract/deploy';
import type { ApplicationView } from '#shared/model/application';
import type {
  DeployEvent,
  DeployStatus,
  ReleasePreview,
  ReleaseRecord,
  RenderedVariable,
  ServiceStatus,
} from '#shared/model/deploy';
import { AppError } from '#shared/model/errors';
import { emptyDeploy, type FixtureDeploy } from './fixture-deploy';
import { failure, situation } from './fixture-host';
import type { PageState } from './page-state';

const longName = 'a_very_long_name_'.repeat(6);

function service(name: string, changes: Partial<ServiceStatus> = {}): ServiceStatus {
  return {
    name,
    image: `ghcr.io/acme/${name}:1.4.2@sha256:${'4f'.repeat(32)}`,
    replicas: { running: 2, desired: 2 },
    health: 'healthy',
    limits: { cpus: 1, memoryBytes: 512 * 1024 * 1024 },
    changedAt: '2026-01-02T03:04:05.000Z',
    failures: [],
    ...changes,
  };
}

function release(
  id: string,
  state: ReleaseRecord['state'],
  changes: Partial<ReleaseRecord> = {},
): ReleaseRecord {
  return {
    id,
    stack: 'shop',
    at: '2026-01-02T03:04:05.000Z',
    by: 'ada@laptop',
    state,
    images: { backend: 'ghcr.io/acme/backend:1.4.2', frontend: 'ghcr.io/acme/frontend:1.4.2' },
    runtime: 'swarm',
    pinned: {},
    environment: 'f00d',
    ...changes,
  };
}

export const liveRelease = '20260102T030405Z-1a2b';
export const earlierRelease = '20260101T030405Z-0a0b';

const status: DeployStatus = {
  stack: 'shop',
  engine: '28.2.2',
  runtime: 'swarm',
  services: [
    service('frontend'),
    service('backend', {
      health: 'degraded',
      replicas: { running: 1, desired: 2 },
      failures: [{ at: '2026-01-02T03:04:05.000Z', message: 'task: non-zero exit (137)' }],
    }),
    service('worker', { health: 'down', replicas: { running: 0, desired: 1 } }),
    service('beat', { health: 'stopped', replicas: { running: 0, desired: 0 } }),
  ],
  releases: [
    release('20260103T030405Z-2c3d', 'failed', {
      error: failure('RELEASE_FAILED', 'The service backend did not become healthy.'),
    }),
    release(liveRelease, 'live'),
    release(earlierRelease, 'replaced'),
  ],
  live: liveRelease,
};

const logs: LogLine[] = ['GET /health 200', 'GET /products 200', 'Slow query'].map((text, second) => ({
  service: 'backend',
  at: `2026-01-02T03:04:0${second}.000Z`,
  stream: second === 2 ? ('stderr' as const) : ('stdout' as const),
  text,
}));

const told: DeployEvent[] = [
  { type: 'phase', phase: 'store', message: 'Write the release’s files to the host' },
  { type: 'phase', phase: 'images', message: 'Get the images' },
  { type: 'log', source: 'images', line: 'Pull ghcr.io/acme/backend:1.4.2' },
  { type: 'phase', phase: 'rollout', message: 'Wait until every service is healthy' },
  { type: 'service', service: 'backend', state: 'updating', message: 'update in progress' },
];

/** What becomes of an application, in short. */
export const application: ApplicationView = {
  root: '/home/ada/shop',
  head: 'c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00',
  dirty: true,
  files: [
    {
      path: 'backend/auth.py',
      action: 'remove',
      reasons: ['Passwords, tokens and accounts are at Supabase Auth.'],
      patch: '--- a/backend/auth.py\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-import bcrypt\n-import jwt\n',
    },
    {
      path: 'backend/routers/orders.py',
      action: 'change',
      reasons: ['Who sends a request is told by the session of Supabase Auth.'],
      patch:
        '--- a/backend/routers/orders.py\n+++ b/backend/routers/orders.py\n@@ -1,3 +1,3 @@\n from fastapi import APIRouter\n-from auth import get_current_user\n+from supabase_auth import get_current_user\n from database import get_db\n',
    },
    {
      path: 'backend/supabase_auth.py',
      action: 'add',
      reasons: ['Validates the tokens of Supabase Auth, and the old ones during the changeover.'],
      patch: '--- /dev/null\n+++ b/backend/supabase_auth.py\n@@ -0,0 +1,1 @@\n+import jwt\n',
    },
  ],
  routes: [
    {
      method: 'GET',
      path: '/orders',
      handler: 'my_orders',
      file: 'backend/routers/orders.py',
      line: 11,
      needs: ['login'],
    },
    {
      method: 'PUT',
      path: '/profile/avatar',
      handler: 'avatar',
      file: 'backend/routers/profile.py',
      line: 17,
      needs: ['login', 'storage'],
    },
  ],
  open: [
    {
      path: 'backend/routers/profile.py',
      line: 12,
      what: 'The signed-in user has no full_name; read it from the database by user.id.',
    },
    { path: 'frontend/package-lock.json', what: 'Run npm install once and commit the lock file.' },
  ],
};

const variable = (name: string, group: string, changes: Partial<RenderedVariable>): RenderedVariable => ({
  name,
  group,
  explanation: `What ${name} is for.`,
  secret: false,
  optional: false,
  origin: 'template',
  ...changes,
});

/** The files of a release, which lack the version until it is given. */
export function releaseFiles(given: Readonly<Record<string, string>>): ReleasePreview {
  const origin = (name: string, otherwise: RenderedVariable['origin']) =>
    given[name] === undefined ? otherwise : 'given';
  return {
    folder: '/home/ada/.cutover/shop/deploy',
    variables: [
      variable('APP_VERSION', 'Release', { origin: origin('APP_VERSION', 'empty') }),
      variable('BACKEND_IMAGE', 'Release', { origin: origin('BACKEND_IMAGE', 'previous') }),
      variable('DATABASE_URL', 'Database', { secret: true, origin: origin('DATABASE_URL', 'workspace') }),
      variable('OLD_JWT_SECRET', 'Changeover', {
        secret: true,
        optional: true,
        origin: origin('OLD_JWT_SECRET', 'empty'),
      }),
    ],
    ...(given['APP_VERSION'] === undefined
      ? {}
      : { compose: `services:\n  backend:\n    labels: { app.version: ${given['APP_VERSION']} }\n` }),
  };
}

/** A stack that serves, with releases to go back to. */
export function deployed(changes: Partial<FixtureDeploy> = {}): FixtureDeploy {
  return {
    ...emptyDeploy,
    status,
    logs,
    use: [
      {
        id: '4f4f4f4f4f4f',
        service: 'backend',
        cpus: 0.42,
        memoryBytes: 500 * 1024 ** 2,
        memoryLimitBytes: 512 * 1024 ** 2,
      },
      {
        id: '5a5a5a5a5a5a',
        service: 'frontend',
        cpus: null,
        memoryBytes: 96 * 1024 ** 2,
        memoryLimitBytes: 512 * 1024 ** 2,
      },
    ],
    files: releaseFiles,
    application,
    panel: {
      generation: 'flat',
      projects: ['shop'],
      services: [
        {
          project: 'shop',
          service: 'web',
          type: 'app',
          image: 'ghcr.io/acme/web:1.4.1',
          domains: ['https://shop.example.com'],
          limits: [],
        },
        {
          project: 'shop',
          service: 'old',
          type: 'compose',
          domains: [],
          limits: ['It stops the old containers before the new ones start: requests fail in between.'],
        },
        { project: 'shop', service: 'cache', type: 'redis', domains: [], limits: ['Left to the panel.'] },
      ],
    },
    plan: {
      stack: 'shop',
      services: [
        { service: 'backend', change: 'changed', differences: ['ghcr.io/acme/backend:1.4.1 → 1.4.2'] },
        { service: 'frontend', change: 'unchanged', differences: [] },
        { service: 'mailer', change: 'removed', differences: ['ghcr.io/acme/mailer:1'] },
      ],
      environment: [{ service: 'backend', name: 'SENTRY_DSN', change: 'added' }],
      warnings: [
        { service: 'worker', message: 'It has no health check, so a broken one counts as started.' },
      ],
    },
    ...changes,
  };
}

const operation = { id: 'op-1', kind: 'apply', at: '2026-01-02T03:04:05.000Z', ended: false };

/** The page Deploy in its states. */
export const deployStates: PageState[] = [
  {
    name: 'deploy, nothing deployed',
    now: () => situation(),
    path: '/deploy',
    shows: 'Nothing is deployed yet',
  },
  {
    name: 'deploy, host not set up',
    now: () => situation({ deploy: new AppError('SETTING_MISSING', 'EASYPANEL_SSH_HOST is not set.') }),
    path: '/deploy',
    shows: 'SETTING_MISSING',
  },
  {
    name: 'deploy, services and releases',
    now: () => situation({ deploy: deployed() }),
    path: '/deploy',
    shows: 'Slow query',
  },
  {
    name: 'deploy, cut off on a host without a swarm',
    now: () =>
      situation({
        deploy: deployed({
          status: {
            ...status,
            runtime: 'compose',
            releases: [release('20260104T030405Z-3d4e', 'interrupted'), ...status.releases],
            lock: { by: 'ada@laptop', at: '2026-01-04T03:04:05.000Z', stale: true },
          },
        }),
      }),
    path: '/deploy',
    shows: 'A deployment was cut off',
  },
  {
    name: 'deploy, under way',
    now: () => situation({ deploy: deployed({ operation, events: told }) }),
    path: '/deploy',
    shows: 'Wait until every service is healthy',
  },
  {
    name: 'deploy, taken back',
    now: () =>
      situation({
        deploy: deployed({
          operation: { ...operation, ended: true },
          events: [
            ...told,
            {
              type: 'end',
              outcome: 'rolled-back',
              error: failure(
                'RELEASE_ROLLED_BACK',
                `The service backend did not become healthy. ${longName}`,
              ),
            },
          ],
        }),
      }),
    path: '/deploy',
    shows: 'Taken back',
  },
  {
    name: 'deploy, cut off',
    now: () =>
      situation({
        deploy: deployed({
          status: { ...status, lock: { by: 'bob@desk', at: '2026-01-02T03:04:05.000Z', stale: true } },
        }),
      }),
    path: '/deploy',
    shows: 'A deployment was cut off',
  },
  {
    name: 'deploy, release dialog',
    now: () =>
      situation({
        deploy: deployed({
          preflight: [
            { id: 'engine', severity: 'ok', title: 'Docker', message: '28.2.2 on Debian 12, 4 cores.' },
            {
              id: 'disk',
              severity: 'warning',
              title: 'Disk',
              message: '3 GB free.',
              hint: 'Remove old images.',
            },
            {
              id: 'swarm',
              severity: 'blocker',
              title: 'Swarm',
              message: 'Not a swarm.',
              hint: 'Make it one.',
            },
          ],
        }),
      }),
    path: '/deploy',
    shows: 'Make this host a swarm of its own',
    act: async (page) => page.getByRole('button', { name: 'Release…' }).click(),
  },
  {
    name: 'deploy, files of the release',
    now: () => situation({ deploy: deployed() }),
    path: '/deploy',
    shows: 'Missing',
    act: async (page) => page.getByRole('button', { name: 'Files…' }).click(),
  },
];
