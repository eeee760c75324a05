import type { RedisFacts } from '../../../adapters/probe/redis-probe';
import { formatBytes } from '#shared/model/format-bytes';
import type { Finding, HealthConfig } from '#shared/model/health';
import { type CheckDefinition, finding } from '../check';
import { celeryChecks, type CeleryConfig } from './celery';

/** Redis itself, and celery with its queues in it. */
export function redisChecks(
  url: string,
  config: CeleryConfig & Pick<HealthConfig, 'slowMs' | 'limits'>,
): CheckDefinition[] {
  const host = new URL(url).hostname;
  let evictedBefore: number | undefined;
  return [
    {
      id: 'redis.ping',
      title: 'Ping and memory',
      service: { id: 'redis', title: 'redis', group: 'application' },
      host,
      slowMs: config.slowMs,
      intervalMs: 30_000,
      timeoutMs: 10_000,
      run: async (signal) => {
        // Loaded when the first check runs: the client of redis is slow to load, and few starts need it.
        const { probeRedis } = await import('../../../adapters/probe/redis-probe');
        const facts = await probeRedis(url, [], signal);
        const findings = [
          ...refusal(facts),
          ...memoryFindings(facts, evictedBefore, config.limits.redisMemoryPercent),
        ];
        evictedBefore = facts.evictedKeys;
        return {
          latencyMs: facts.pingMs,
          summary: findings[0]?.message ?? `${formatBytes(facts.usedMemory)} in use`,
          facts: [
            { label: 'Version', value: facts.version },
            { label: 'Memory', value: formatBytes(facts.usedMemory) },
            { label: 'Limit', value: facts.maxMemory === 0 ? 'none' : formatBytes(facts.maxMemory) },
            { label: 'Evicted keys', value: String(facts.evictedKeys) },
            { label: 'Clients', value: String(facts.connectedClients) },
          ],
          findings,
        };
      },
    },
    ...celeryChecks(url, config),
  ];
}

/** It answers, but will not work. */
function refusal({ refused }: RedisFacts): Finding[] {
  if (refused === undefined) return [];
  const remedy = refused.startsWith('MISCONF')
    ? 'It can’t save its data, so it takes no writes: free its disk and see its log; it goes on after the next save that works.'
    : refused.startsWith('LOADING')
      ? 'It has started and still loads its data: wait, and see its log for why it started.'
      : 'See its log.';
  return [finding('REDIS_FAILED', 'down', `redis refuses its work: ${refused.slice(0, 200)}`, remedy)];
}

function memoryFindings(
  facts: RedisFacts,
  evictedBefore: number | undefined,
  limitPercent: number,
): Finding[] {
  const findings: Finding[] = [];
  const use = `redis uses ${formatBytes(facts.usedMemory)} of ${formatBytes(facts.maxMemory)}`;
  if (facts.maxMemory > 0 && facts.policy === 'noeviction' && facts.usedMemory >= facts.maxMemory) {
    findings.push(
      finding(
        'REDIS_MEMORY_HIGH',
        'down',
        `${use} and refuses what would write.`,
        'Raise maxmemory at once (redis-cli config set maxmemory), then find keys without an expiry.',
      ),
    );
  } else if (facts.maxMemory > 0 && facts.usedMemory * 100 > facts.maxMemory * limitPercent) {
    findings.push(
      finding('REDIS_MEMORY_HIGH', 'degraded', `${use}.`, 'Raise maxmemory, or find keys without an expiry.'),
    );
  }
  if (evictedBefore !== undefined && facts.evictedKeys > evictedBefore) {
    findings.push(
      finding(
        'REDIS_EVICTS',
        'degraded',
        `redis has thrown away ${facts.evictedKeys - evictedBefore} keys since the last look.`,
        'A broker must not lose keys: set maxmemory-policy noeviction and raise maxmemory.',
      ),
    );
  }
  return findings;
}
