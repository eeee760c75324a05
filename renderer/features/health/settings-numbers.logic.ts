import type { HealthConfig, HealthLimits } from '#shared/model/health';
import { wholeNumber } from '../../ui/whole-number.logic';

export type NumberName =
  'slowMs' | 'goalMs' | 'queueLimit' | 'taskWaitMinutes' | 'celeryWorkers' | keyof HealthLimits;
/** What was typed so far. */
export type TypedNumbers = Partial<Record<NumberName, string>>;

interface NumberField {
  name: NumberName;
  label: string;
  description: string;
  min: number;
  max: number;
}

const field = (name: NumberName, label: string, description: string, max: number, min = 1): NumberField => ({
  name,
  label,
  description,
  min,
  max,
});

/** The settings that are whole numbers. */
export const numberFields: readonly NumberField[] = [
  field('slowMs', 'Slow from', 'Milliseconds until an answer from which it counts as degraded.', 60_000, 50),
  field('goalMs', 'Goal for web addresses', 'Milliseconds; drawn in the charts.', 60_000),
  field('queueLimit', 'Queue is long from', 'Waiting tasks.', 999_999),
  field(
    'taskWaitMinutes',
    'Task waits too long from',
    'Minutes in which no worker takes the next task of a queue.',
    10_080,
  ),
  field('celeryWorkers', 'Workers of celery', 'How many have to answer. 0: they are not asked.', 1000, 0),
  field('transactionMinutes', 'Transaction is long from', 'Minutes.', 100_000),
  field('lockWaitSeconds', 'Lock is waited for too long from', 'Seconds.', 100_000),
  field('slotWalMegabytes', 'WAL that an unused slot may hold', 'Megabytes.', 99_999_999),
  field('cacheHitPercent', 'Blocks found in memory', 'Percent; fewer are degraded.', 100, 0),
  field(
    'growthMegabytes',
    'Growth of a database',
    'Megabytes a day; a quarter of its size is let pass.',
    99_999_999,
  ),
  field('bucketGigabytes', 'R2 may hold', 'Gigabytes. 0: no limit.', 99_999_999, 0),
  field('redisMemoryPercent', 'Memory of redis', 'Percent of its limit.', 100),
  field('diskPercent', 'Disks of the host', 'Percent in use.', 100),
  field('memoryPercent', 'Memory of the host', 'Percent in use.', 100),
  field('certificateDays', 'Certificate ends soon', 'Days before its end.', 365),
];

function isLimit(name: NumberName, { limits }: HealthConfig): name is keyof HealthLimits {
  return name in limits;
}

/** What a field shows: what was typed, or else what is set. */
export function textOf(config: HealthConfig, typed: TypedNumbers, name: NumberName): string {
  return typed[name] ?? String(isLimit(name, config) ? config.limits[name] : config[name]);
}

/** The settings with what was typed; undefined while one of them is no number in its range. */
export function withNumbers(config: HealthConfig, typed: TypedNumbers): HealthConfig | undefined {
  let next = config;
  for (const { name, min, max } of numberFields) {
    const value = wholeNumber(textOf(config, typed, name), min, max);
    if (value === undefined) return undefined;
    next = isLimit(name, config)
      ? { ...next, limits: { ...next.limits, [name]: value } }
      : { ...next, [name]: value };
  }
  return next;
}
