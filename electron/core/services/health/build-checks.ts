import { openDatabasePorts } from '../../adapters/postgres/open';
import { parseConnectionUrl } from '../../adapters/postgres/connection-config';
import { probeTcp } from '../../adapters/probe/tcp-probe';
import { shareHostSession, type SshSecrets } from '../../adapters/ssh/open-host';
import type { DatabasePorts } from '../../ports/database';
import type { CustomCheck, HealthConfig } from '#shared/model/health';
import type { WorkspaceSettings } from '../settings/settings';
import { missingSettings } from '../connections/connection-state';
import { type CheckDefinition, failedOutcome, finding } from './check';
import { hostChecks } from './checks/host';
import { certificateChecks, dnsChecks, type TlsPlace } from './checks/names';
import { r2Checks, sourceObjectChecks } from './checks/objects';
import { postgresChecks, readOneValue } from './checks/postgres';
import { redisChecks } from './checks/redis';
import { authChecks, platformChecks } from './checks/supabase';
import { backendChecks, frontendChecks, type Pace, statusFinding, webCheck } from './checks/web';
import { isLoopbackHost } from './loopback';

export interface BuiltChecks {
  checks: CheckDefinition[];
  /** Ends connections that checks share. */
  close(): Promise<void>;
}

/** The checks for what is set up: an end without settings has none. A setting of the wrong form becomes a check that says so. */
export function buildChecks(
  settings: WorkspaceSettings,
  config: HealthConfig,
  secrets: SshSecrets,
): BuiltChecks {
  const database = openDatabasePorts(settings);
  const shell = shareHostSession(settings, secrets);
  const pace = { slowMs: config.slowMs, goalMs: config.goalMs };
  const parts: Part[] = [
    {
      service: { id: 'supabase-postgres', title: 'Supabase Postgres', group: 'supabase' },
      when: settings.has('SUPABASE_DB_URL'),
      make: (service) => {
        const { host } = parseConnectionUrl('target', settings.require('SUPABASE_DB_URL'));
        return postgresChecks({
          database: database.target,
          side: 'target',
          service,
          host,
          writes: config.databaseWriteProbe,
          config,
        });
      },
    },
    {
      service: { id: 'supabase-auth', title: 'Supabase Auth', group: 'supabase' },
      when: settings.has('SUPABASE_URL') && settings.has('SUPABASE_SECRET_KEY'),
      make: () => [...authChecks(settings, config.slowMs), ...platformChecks(settings)],
    },
    {
      service: { id: 'r2', title: 'Cloudflare R2', group: 'objects' },
      when: missingSettings('r2', settings).length === 0,
      make: () => r2Checks(settings, config),
    },
    {
      service: { id: 'backend', title: 'backend', group: 'application' },
      when: settings.has('APP_BACKEND_URL'),
      make: () => backendChecks(settings.require('APP_BACKEND_URL'), pace),
    },
    {
      service: { id: 'frontend', title: 'frontend', group: 'application' },
      when: settings.has('APP_FRONTEND_URL'),
      make: () => frontendChecks(settings.require('APP_FRONTEND_URL'), config.frontendMarker, pace),
    },
    {
      service: { id: 'redis', title: 'redis', group: 'application' },
      when: settings.has('APP_REDIS_URL'),
      make: () => redisChecks(settings.require('APP_REDIS_URL'), config),
    },
    {
      service: { id: 'easypanel-host', title: 'Easypanel host', group: 'host' },
      when: missingSettings('easypanel', settings).length === 0,
      make: () =>
        hostChecks(
          (command, signal) => shell.execute(command, signal),
          settings.require('EASYPANEL_SSH_HOST'),
          {
            disks: config.hostDisks,
            dockerSocket: settings.get('EASYPANEL_DOCKER_SOCKET'),
            limits: config.limits,
          },
        ),
    },
    {
      service: { id: 'tls', title: 'TLS certificates', group: 'host' },
      when: true,
      make: () => certificateChecks(tlsPlaces(settings), config.limits.certificateDays),
    },
    {
      service: { id: 'dns', title: 'DNS', group: 'host' },
      when: true,
      make: () => dnsChecks(names(settings)),
    },
    {
      service: { id: 'source-postgres', title: 'Source PostgreSQL', group: 'source' },
      when: settings.has('SOURCE_DATABASE_URL'),
      make: (service) => {
        const { host } = parseConnectionUrl('source', settings.require('SOURCE_DATABASE_URL'));
        return postgresChecks({ database: database.source, side: 'source', service, host, config });
      },
    },
    {
      service: { id: 'source-objects', title: 'Source MinIO', group: 'source' },
      when: missingSettings('sourceObjects', settings).length === 0,
      make: () => sourceObjectChecks(settings, config.slowMs),
    },
    ...config.custom.map((custom): Part => ({
      service: { id: `custom-${custom.id}`, title: custom.title, group: 'custom' },
      when: true,
      make: (service) => [customCheck(custom, service, database, pace)],
    })),
  ];
  return {
    checks: parts.flatMap(checksOf).map((check) => {
      const seconds = config.intervals[check.id];
      return seconds === undefined ? check : { ...check, intervalMs: seconds * 1000 };
    }),
    close: async () => {
      shell.close();
      await database.close();
    },
  };
}

interface Part {
  service: CheckDefinition['service'];
  when: boolean;
  make: (service: CheckDefinition['service']) => CheckDefinition[];
}

function checksOf({ service, when, make }: Part): CheckDefinition[] {
  if (!when) return [];
  try {
    return make(service);
  } catch (error) {
    return [
      {
        id: `${service.id}.settings`,
        title: 'Settings',
        service,
        intervalMs: 60_000,
        timeoutMs: 5000,
        run: () => Promise.resolve(failedOutcome(error)),
      },
    ];
  }
}

function customCheck(
  custom: CustomCheck,
  service: CheckDefinition['service'],
  database: DatabasePorts,
  pace: Pace,
): CheckDefinition {
  const id = `${service.id}.check`;
  const intervalMs = custom.intervalSeconds * 1000;
  switch (custom.kind) {
    case 'http':
      return webCheck({
        id,
        title: 'Web address',
        service,
        url: custom.url,
        intervalMs,
        ...pace,
        judge: (answer) => {
          const findings = statusFinding(answer, custom.url, custom.status);
          if (
            findings.length === 0 &&
            custom.contains !== undefined &&
            !answer.text.includes(custom.contains)
          ) {
            findings.push(
              finding(
                'WRONG_ANSWER',
                'down',
                `The answer does not hold “${custom.contains}”.`,
                'Open the address and compare.',
              ),
            );
          }
          return { findings };
        },
      });
    case 'tcp':
      return {
        id,
        title: 'TCP port',
        service,
        host: custom.host,
        intervalMs,
        timeoutMs: 10_000,
        run: async (signal) => {
          const latencyMs = await probeTcp(custom.host, custom.port, signal);
          return { latencyMs, summary: 'Accepts connections', facts: [], findings: [] };
        },
      };
    case 'sql':
      return {
        id,
        title: 'SQL value',
        service,
        intervalMs,
        timeoutMs: 15_000,
        run: async (signal) => {
          const text = await readOneValue(database[custom.database], custom.query, signal);
          const value = Number(text);
          const below = custom.min !== undefined && !(value >= custom.min);
          const above = custom.max !== undefined && !(value <= custom.max);
          const limits = `${String(custom.min ?? '−∞')} to ${String(custom.max ?? '∞')}`;
          return {
            summary: text ?? 'no value',
            reading: (text ?? 'none').slice(0, 20),
            facts: [{ label: 'Value', value: text ?? 'none' }],
            findings:
              below || above
                ? [
                    finding(
                      'WRONG_ANSWER',
                      'degraded',
                      `The value is ${text ?? 'none'}; it should be from ${limits}.`,
                      'Look at what the statement counts.',
                    ),
                  ]
                : [],
          };
        },
      };
  }
}

/** Public names of what is set up; addresses and this machine need no DNS. */
function names(settings: WorkspaceSettings): string[] {
  const hosts = webUrls(settings).map(({ hostname }) => hostname);
  return [...new Set(hosts)].filter(
    (host) => !isLoopbackHost(host) && /[a-z]/i.test(host) && !host.includes(':'),
  );
}

function tlsPlaces(settings: WorkspaceSettings): TlsPlace[] {
  const places = webUrls(settings)
    .filter(({ protocol }) => protocol === 'https:')
    .map(({ hostname, port }) => ({ host: hostname, port: port === '' ? 443 : Number(port) }));
  return places.filter(
    (place, index) =>
      places.findIndex(({ host, port }) => host === place.host && port === place.port) === index,
  );
}

function webUrls(settings: WorkspaceSettings): URL[] {
  const used = ['APP_FRONTEND_URL', 'APP_BACKEND_URL', 'SUPABASE_URL', 'R2_PUBLIC_URL'] as const;
  return used.flatMap((name) => {
    const text = settings.given(name);
    return text !== undefined && URL.canParse(text) ? [new URL(text)] : [];
  });
}
