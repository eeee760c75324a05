import { formatBytes } from '#shared/model/format-bytes';

const integers = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const oneDigit = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });

/** A whole number with the viewer's group marks. */
export function formatCount(value: number): string {
  return integers.format(value);
}

/** A count in its unit: `12,040 rows`, `71.2 MB`. */
export function formatAmount(value: number, unit: string): string {
  return unit === 'bytes' ? formatBytes(value) : `${formatCount(value)} ${unit}`;
}

/** A part of a whole: `31 of 42 rows`, `71 GB of 98 GB`. */
export function formatShare(done: number, total: number, unit: string): string {
  return unit === 'bytes'
    ? `${formatBytes(done)} of ${formatBytes(total)}`
    : `${formatCount(done)} of ${formatAmount(total, unit)}`;
}

/** A speed per second: `184 MB/s`, `1,940 rows/s`. */
export function formatRate(perSecond: number, unit: string): string {
  if (unit === 'bytes') return `${formatBytes(perSecond)}/s`;
  return `${perSecond < 10 ? oneDigit.format(perSecond) : integers.format(perSecond)} ${unit}/s`;
}

/** A span of time as a person says it: `18 min`, `40 s`. The two largest units at most. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60)
    return whole % 60 === 0 || minutes >= 10 ? `${minutes} min` : `${minutes} min ${whole % 60} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return `${Math.round(hours / 24)} days`;
}

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const dateTime = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

const date = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' });

function formatWith(format: Intl.DateTimeFormat, iso: string): string {
  const time = Date.parse(iso);
  return Number.isNaN(time) ? '' : format.format(time);
}

/** The time of day, to the second; empty for a text that is no time. */
export function formatClock(iso: string): string {
  return formatWith(clock, iso);
}

/** The day; empty for a text that is no time. */
export function formatDate(iso: string): string {
  return formatWith(date, iso);
}

/** Date and time to the minute; empty for a text that is no time. */
export function formatDateTime(iso: string): string {
  return formatWith(dateTime, iso);
}

/** A fraction as a whole percentage that says 100 only when everything is done. */
export function formatPercent(fraction: number): string {
  return `${fraction >= 1 ? 100 : Math.min(99, Math.floor(fraction * 100))}%`;
}

/** `1 table`, `2 tables`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}
