import { z } from 'zod';
import { errorCodeSchema, errorShapeSchema } from './errors';

/** `unknown`: nothing is known since some moment, which is neither good nor bad. */
export const healthStates = ['healthy', 'degraded', 'down', 'unknown'] as const;
export const healthStateSchema = z.enum(healthStates);
export type HealthState = z.infer<typeof healthStateSchema>;

/** What a check can find besides the failures that {@link errorCodes} name. */
const findingCodes = [
  'SLOW',
  'WRONG_STATUS',
  'WRONG_ANSWER',
  'NOT_READY',
  'CONNECTIONS_NEAR_LIMIT',
  'LONG_TRANSACTION',
  'LOCKS_WAITING',
  'SLOT_RETAINS_WAL',
  'CACHE_HIT_LOW',
  'SIZE_GROWS_FAST',
  'TABLES_BLOATED',
  'SIGN_IN_FAILED',
  'CANARY_FAILED',
  'CORS_REFUSED',
  'BUCKETS_OVER_LIMIT',
  'QUEUE_LONG',
  'QUEUE_STUCK',
  'WORKERS_SILENT',
  'REDIS_FAILED',
  'REDIS_MEMORY_HIGH',
  'REDIS_EVICTS',
  'LOAD_HIGH',
  'MEMORY_LOW',
  'DISK_NEARLY_FULL',
  'INODES_NEARLY_USED',
  'CLOCK_DRIFTS',
  'REBOOT_NEEDED',
  'UNITS_FAILED',
  'CONTAINER_NOT_RUNNING',
  'CONTAINER_UNHEALTHY',
  'CONTAINER_RESTARTS',
  'CONTAINER_OUT_OF_MEMORY',
  'CERTIFICATE_EXPIRED',
  'CERTIFICATE_EXPIRES_SOON',
  'CERTIFICATE_WRONG_NAME',
  'CERTIFICATE_UNTRUSTED',
  'DNS_ANSWERS_DIFFER',
  'PLATFORM_UNHEALTHY',
  'BACKUP_OLD',
  'ADVISOR_WARNS',
  /** The check itself can't be made; says nothing of the service. */
  'NOT_CHECKED',
  /** What the check depends on fails, so its own failure says nothing. */
  'DEPENDENCY_DOWN',
  'NETWORK_LOST',
] as const;
const findingCodeSchema = z.union([z.enum(findingCodes), errorCodeSchema]);

export const findingSchema = z.object({
  code: findingCodeSchema,
  /** What this alone makes of the check. */
  state: healthStateSchema,
  /** What was found, as a fact. Holds no secret. */
  message: z.string(),
  /** What the operator does next. */
  remedy: z.string(),
});
export type Finding = z.infer<typeof findingSchema>;

const factSchema = z.object({ label: z.string(), value: z.string() });
export type Fact = z.infer<typeof factSchema>;

export const serviceGroups = ['supabase', 'objects', 'application', 'host', 'source', 'custom'] as const;
const serviceGroupSchema = z.enum(serviceGroups);
export type ServiceGroup = z.infer<typeof serviceGroupSchema>;

/** One check as it stands. */
export const checkViewSchema = z.object({
  id: z.string(),
  title: z.string(),
  state: healthStateSchema,
  /** ISO 8601: since when it is in this state. */
  since: z.string(),
  /** When it last answered, well or badly; absent before the first time. */
  at: z.string().optional(),
  latencyMs: z.number().optional(),
  /** One line: `2 of 2 running`. */
  summary: z.string(),
  /** The number that an operator looks at, when it is not the latency: `4 queued`, `61 days`. */
  reading: z.string().optional(),
  findings: z.array(findingSchema),
  /** Evidence: what was measured. */
  facts: z.array(factSchema),
  intervalMs: z.number(),
  timeoutMs: z.number(),
  /** What the latency should not exceed; absent where there is no goal. Milliseconds. */
  goalMs: z.number().optional(),
  /** Failures in a row, of which one alone changes nothing. */
  failures: z.number(),
});
export type CheckView = z.infer<typeof checkViewSchema>;

/** A tile: the worst of its checks. */
export const serviceViewSchema = z.object({
  id: z.string(),
  title: z.string(),
  group: serviceGroupSchema,
  state: healthStateSchema,
  since: z.string(),
  at: z.string().optional(),
  summary: z.string(),
  reading: z.string().optional(),
  /** Latency of the first check, oldest first, milliseconds; null where it failed. At most 60. */
  recent: z.array(z.number().nullable()),
  /** Alerts are held back. */
  maintenance: z.boolean(),
  checks: z.array(checkViewSchema),
});
export type ServiceView = z.infer<typeof serviceViewSchema>;

export const incidentSchema = z.object({
  id: z.string(),
  service: z.string(),
  serviceTitle: z.string(),
  check: z.string(),
  checkTitle: z.string(),
  /** The worst that it came to. */
  state: z.enum(['degraded', 'down']),
  startedAt: z.string(),
  /** Absent while it lasts. */
  endedAt: z.string().optional(),
  code: z.string(),
  cause: z.string(),
  remedy: z.string(),
  notes: z.array(z.object({ at: z.string(), by: z.string(), text: z.string() })),
});
export type Incident = z.infer<typeof incidentSchema>;

/** Checks an operator adds: web address, TCP port or one SQL value. */
export const customCheckSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('http'),
    id: z.string().regex(/^[a-z0-9-]{1,40}$/),
    title: z.string().min(1).max(80),
    url: z.url({ protocol: /^https?$/ }),
    /** The status that counts as good. */
    status: z.number().int().min(100).max(599).default(200),
    /** A text that the answer holds. */
    contains: z.string().max(200).optional(),
    intervalSeconds: z.number().int().min(5).max(86_400).default(30),
  }),
  z.object({
    kind: z.literal('tcp'),
    id: z.string().regex(/^[a-z0-9-]{1,40}$/),
    title: z.string().min(1).max(80),
    host: z.string().min(1).max(253),
    port: z.number().int().min(1).max(65_535),
    intervalSeconds: z.number().int().min(5).max(86_400).default(30),
  }),
  z.object({
    kind: z.literal('sql'),
    id: z.string().regex(/^[a-z0-9-]{1,40}$/),
    title: z.string().min(1).max(80),
    database: z.enum(['source', 'target']),
    /** One statement that reads one value; it runs in a read-only transaction. */
    query: z.string().min(1).max(4000),
    /** Degraded beyond these. */
    min: z.number().optional(),
    max: z.number().optional(),
    intervalSeconds: z.number().int().min(5).max(86_400).default(60),
  }),
]);
export type CustomCheck = z.infer<typeof customCheckSchema>;

const maintenanceSchema = z.object({
  /** A service, or every one when absent. */
  service: z.string().optional(),
  from: z.iso.datetime(),
  to: z.iso.datetime(),
  reason: z.string().max(200),
});

const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/);

/** When an operator is told of an incident. Where to: the settings `HEALTH_WEBHOOK_URL`, `HEALTH_SMTP_URL` and `HEALTH_MAIL_TO`. */
const alertConfigSchema = z.object({
  /** The mildest state that is told. */
  from: z.enum(['degraded', 'down']),
  /** Told again this often while it lasts; 0 means once. */
  repeatMinutes: z.number().int().min(0).max(10_080),
  /** Nothing is sent from `from` to `to`, by the clock of the host; what lasts is told afterwards. */
  quiet: z.object({ from: timeOfDay, to: timeOfDay }).optional(),
  /** How a webhook wants its JSON; `auto` knows the addresses of Slack and Discord. */
  webhookShape: z.enum(['auto', 'slack', 'discord', 'plain']),
  /** Whether the desktop shows a notification; other hosts have none. */
  desktop: z.boolean().default(true),
});
export type AlertConfig = z.infer<typeof alertConfigSchema>;

export const alertChannels = ['webhook', 'mail', 'desktop'] as const;
export const alertChannelSchema = z.enum(alertChannels);
export type AlertChannelName = z.infer<typeof alertChannelSchema>;

/** From where on what is measured counts as degraded. */
export const healthLimitsSchema = z.object({
  /** For how long a transaction may be open. */
  transactionMinutes: z.number().min(1).max(100_000),
  /** For how long a statement may wait for a lock. */
  lockWaitSeconds: z.number().min(1).max(100_000),
  /** WAL that an unused replication slot may hold back. */
  slotWalMegabytes: z.number().min(1).max(100_000_000),
  /** Share of the blocks read since the last look that have to be found in memory. */
  cacheHitPercent: z.number().min(0).max(100),
  /** By how much a database may grow within a day; a quarter of its size is always let pass. */
  growthMegabytes: z.number().min(1).max(100_000_000),
  /** What R2 may hold; 0 is no limit. */
  bucketGigabytes: z.number().min(0).max(100_000_000),
  /** Of what redis may take at most. */
  redisMemoryPercent: z.number().min(1).max(100),
  /** Of a disk of the host. */
  diskPercent: z.number().min(1).max(100),
  /** Of the host. */
  memoryPercent: z.number().min(1).max(100),
  /** How many days before its end a certificate has to be renewed. */
  certificateDays: z.number().min(1).max(365),
});
export type HealthLimits = z.infer<typeof healthLimitsSchema>;

/** What a workspace keeps of live health, without secrets. */
export const healthConfigSchema = z.object({
  /** Whether hosts that stay open watch the services by themselves. */
  enabled: z.boolean(),
  /** Slower answers of a web address count as degraded. Milliseconds. */
  slowMs: z.number().int().min(50).max(60_000),
  /** What answers of web addresses should stay within; drawn in the charts. Milliseconds. */
  goalMs: z.number().int().min(1).max(60_000),
  limits: healthLimitsSchema,
  /** Whether a row is written every five minutes in the schema `cutover_health` of the target. */
  databaseWriteProbe: z.boolean(),
  /** Folders of the host whose disks are looked at; those that are not there are passed over. */
  hostDisks: z.array(z.string().regex(/^\/[\w./-]*$/)).max(20),
  /** Whether R2 is also written to: an object of a few bytes is put, read and deleted. */
  objectCanaryBucket: z.string().max(63),
  /** A text that the front page holds. */
  frontendMarker: z.string().max(200),
  /** Names of celery's queues in redis. */
  celeryQueues: z.array(z.string().min(1).max(100)).max(20),
  /** Longer queues count as degraded. */
  queueLimit: z.number().int().min(1),
  /** A task that is next for longer counts as degraded. */
  taskWaitMinutes: z.number().int().min(1).max(10_080),
  /** Workers of celery that have to answer; with 0 they are not asked. */
  celeryWorkers: z.number().int().min(0).max(1000),
  custom: z.array(customCheckSchema).max(100),
  maintenance: z.array(maintenanceSchema).max(50),
  /** Seconds by check id, instead of the check's own interval. */
  intervals: z.record(z.string(), z.number().int().min(5).max(86_400)),
  alerts: alertConfigSchema,
});
export type HealthConfig = z.infer<typeof healthConfigSchema>;

export const defaultHealthConfig: HealthConfig = {
  enabled: false,
  slowMs: 1000,
  goalMs: 200,
  limits: {
    transactionMinutes: 15,
    lockWaitSeconds: 30,
    slotWalMegabytes: 5120,
    cacheHitPercent: 90,
    growthMegabytes: 1024,
    bucketGigabytes: 0,
    redisMemoryPercent: 90,
    diskPercent: 85,
    memoryPercent: 93,
    certificateDays: 21,
  },
  databaseWriteProbe: false,
  hostDisks: ['/', '/var/lib/docker'],
  objectCanaryBucket: '',
  frontendMarker: '',
  celeryQueues: ['celery'],
  queueLimit: 1000,
  taskWaitMinutes: 15,
  celeryWorkers: 1,
  custom: [],
  maintenance: [],
  intervals: {},
  alerts: { from: 'down', repeatMinutes: 240, webhookShape: 'auto', desktop: true },
};

/** Everything at one moment. */
export const healthOverviewSchema = z.object({
  /** ISO 8601, by the clock of the host. */
  at: z.string(),
  enabled: z.boolean(),
  /** `other`: another host of this workspace keeps the history. */
  recording: z.enum(['here', 'other', 'off']),
  services: z.array(serviceViewSchema),
  /** Those that last and those of the last day, the newest first. */
  incidents: z.array(incidentSchema),
  /** Alerts that could not be sent; they are tried again. */
  alertFailures: z.array(z.object({ channel: alertChannelSchema, error: errorShapeSchema })),
});
export type HealthOverview = z.infer<typeof healthOverviewSchema>;

const severity: Record<HealthState, number> = { healthy: 0, unknown: 1, degraded: 2, down: 3 };

/** The worst of some states; healthy when there is none. */
export function worstState(states: readonly HealthState[]): HealthState {
  return states.reduce<HealthState>(
    (worst, state) => (severity[state] > severity[worst] ? state : worst),
    'healthy',
  );
}
