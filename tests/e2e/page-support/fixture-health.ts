import { setTimeout as delay } from 'node:timers/promises';
import type { healthContract, HealthSeries, HealthSettings } from '#shared/contract/health';
import { AppError } from '#shared/model/errors';
import type { Handlers } from '#shared/rpc/define';
import {
  defaultHealthConfig,
  type CheckView,
  type HealthOverview,
  type HealthState,
  type Incident,
  type ServiceView,
} from '#shared/model/health';
import { settingDefinitions, settingsOf } from '#shared/model/settings';

const at = '2026-11-22T14:02:00.000Z';

function check(id: string, title: string, changes: Partial<CheckView> = {}): CheckView {
  return {
    id,
    title,
    state: 'healthy',
    since: '2026-11-22T08:00:00.000Z',
    at,
    latencyMs: 41,
    summary: 'Answers',
    findings: [],
    facts: [{ label: 'Status', value: '200' }],
    intervalMs: 30_000,
    timeoutMs: 10_000,
    failures: 0,
    ...changes,
  };
}

function service(
  id: string,
  title: string,
  group: ServiceView['group'],
  changes: Partial<ServiceView> = {},
): ServiceView {
  return {
    id,
    title,
    group,
    state: 'healthy',
    since: '2026-11-22T08:00:00.000Z',
    at,
    summary: 'Healthy',
    reading: '41 ms',
    recent: Array.from({ length: 60 }, (_item, index) => 30 + ((index * 7) % 13)),
    maintenance: false,
    checks: [check(`${id}.health`, 'Health', group === 'application' ? { goalMs: 200 } : {})],
    ...changes,
  };
}

const longQueue: CheckView['findings'] = [
  {
    code: 'QUEUE_LONG',
    state: 'degraded',
    message: '4,120 tasks wait in the queue celery; the limit is 1000.',
    remedy: 'Look whether the workers run and what they are busy with; start more of them if they are.',
  },
];
const refused: CheckView['findings'] = [
  {
    code: 'CONNECTION_REFUSED',
    state: 'down',
    message: 'api.example.com refuses connections.',
    remedy: 'Check that the service runs and listens on this port.',
  },
];

function incident(state: Incident['state'], changes: Partial<Incident> = {}): Incident {
  return {
    id: `2026-11-22T13:41:08.000Z-${state}`,
    service: 'celery',
    serviceTitle: 'celery',
    check: 'celery.queues',
    checkTitle: 'Queues',
    state,
    startedAt: '2026-11-22T13:41:08.000Z',
    code: 'QUEUE_LONG',
    cause: '4,120 tasks wait in the queue celery; the limit is 1000.',
    remedy: 'Look whether the workers run.',
    notes: [],
    ...changes,
  };
}

/** Monitoring is off and nothing was checked yet. */
export function nothingWatched(): HealthOverview {
  return {
    at,
    enabled: false,
    recording: 'off',
    services: [
      service('supabase-postgres', 'Supabase Postgres', 'supabase', {
        state: 'unknown',
        at: undefined,
        reading: undefined,
        summary: 'Not checked yet',
        recent: [],
      }),
    ],
    incidents: [],
    alertFailures: [],
  };
}

/** A day with one slow queue, one service that is down, one of which nothing is known, and one under maintenance. */
export function watched(): HealthOverview {
  const bad = (state: HealthState, findings: CheckView['findings'], id: string) => [
    check(id, 'Health', {
      state,
      findings,
      failures: 3,
      summary: findings[0]?.message ?? '',
      goalMs: 200,
    }),
  ];
  return {
    at,
    enabled: true,
    recording: 'here',
    services: [
      service('supabase-postgres', 'Supabase Postgres', 'supabase', { reading: '12 ms' }),
      service('supabase-auth', 'Supabase Auth', 'supabase'),
      service('r2', 'Cloudflare R2', 'objects', { maintenance: true }),
      service('backend', 'backend', 'application', {
        state: 'down',
        summary: refused[0]?.message ?? '',
        recent: [38, 41, 39, null, null, null],
        checks: bad('down', refused, 'backend.health'),
      }),
      service('celery', 'celery', 'application', {
        state: 'degraded',
        summary: 'celery too long',
        reading: '4120 queued',
        checks: bad('degraded', longQueue, 'celery.queues'),
      }),
      service('easypanel-host', 'Easypanel host', 'host', {
        state: 'unknown',
        summary: 'This machine reaches none of the services: its own network is gone.',
        recent: [],
      }),
    ],
    incidents: [
      incident('degraded'),
      incident('down', {
        service: 'backend',
        serviceTitle: 'backend',
        check: 'backend.health',
        checkTitle: 'Health',
        code: 'CONNECTION_REFUSED',
        cause: 'api.example.com refuses connections.',
        startedAt: '2026-11-22T12:10:00.000Z',
        endedAt: '2026-11-22T12:14:30.000Z',
        notes: [{ at: '2026-11-22T12:20:00.000Z', by: 'ada@console', text: 'The release was rolled back.' }],
      }),
    ],
    alertFailures: [
      {
        channel: 'webhook',
        error: { code: 'ALERT_REFUSED', message: 'The webhook answers with status 404.', retryable: true },
      },
    ],
  };
}

export function healthSettings(): HealthSettings {
  return {
    config: defaultHealthConfig,
    settings: settingsOf('health').map((name) =>
      settingDefinitions[name].secret || name !== 'APP_BACKEND_URL'
        ? { name, set: false }
        : { name, set: true, origin: 'workspace' as const, value: 'https://api.example.com' },
    ),
  };
}

/** A wavy hour. */
function healthSeries(asked: { check: string; from: string; to: string }): HealthSeries {
  const [from, to] = [Date.parse(asked.from), Date.parse(asked.to)];
  const stepMs = (to - from) / 60;
  return {
    ...asked,
    stepMs,
    points: Array.from({ length: 60 }, (_item, index) => {
      const p50 = 38 + 10 * Math.sin(index / 4);
      return {
        at: new Date(from + index * stepMs).toISOString(),
        p50,
        p95: p50 * 2,
        p99: p50 * 2.4,
        max: p50 * 3,
        up: index === 30 ? 0.5 : 1,
      };
    }),
    total: { p50: 38, p95: 121, p99: 140, up: 0.991, knownMs: to - from },
  };
}

/** The health operations over what a test set up. */
export function healthFixture(
  now: { health: HealthOverview | AppError; healthSettings: HealthSettings },
  note: (name: string, input: unknown) => void,
): Handlers<typeof healthContract> {
  const overview = async () => {
    if (now.health instanceof AppError) throw now.health;
    return Promise.resolve(now.health);
  };
  return {
    'health.overview': overview,
    'health.watch': async function* (_input, { signal }) {
      // As the host does: again when something has changed, at most every two seconds.
      let sent: HealthOverview | undefined;
      for (let seq = 0; !signal.aborted; seq += 1) {
        const event = await overview();
        if (event !== sent) yield { seq, event };
        sent = event;
        await delay(2000, undefined, { signal }).catch(() => undefined);
      }
    },
    'health.checkNow': async ({ service }) => {
      note('health.checkNow', { service });
      return overview();
    },
    'health.settings': async () => Promise.resolve(now.healthSettings),
    'health.configure': async ({ config }) => {
      note('health.configure', config);
      now.healthSettings = { ...now.healthSettings, config };
      return Promise.resolve(now.healthSettings);
    },
    'health.series': async (input) => Promise.resolve(healthSeries(input)),
    'health.uptime': async () =>
      (await overview()).services.map(({ id, title }) => ({
        service: id,
        title,
        day: id === 'backend' ? 0.9969 : 1,
        week: 0.9995,
      })),
    'health.incidents': async () => (await overview()).incidents,
    'health.testAlert': async () => {
      note('health.testAlert', {});
      return Promise.resolve([{ channel: 'webhook' as const }]);
    },
    'health.note': async (input) => {
      note('health.note', input);
      return Promise.resolve({});
    },
  };
}
