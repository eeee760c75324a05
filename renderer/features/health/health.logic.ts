import type { HealthSeries } from '#shared/contract/health';
import type { HealthOverview, HealthState, Incident, ServiceView } from '#shared/model/health';
import type { Tone } from '../../ui/tag';

export const stateNames: Record<HealthState, string> = {
  healthy: 'Healthy',
  degraded: 'Degraded',
  down: 'Down',
  unknown: 'Unknown',
};

export const stateTones: Record<HealthState, Tone> = {
  healthy: 'ok',
  degraded: 'warn',
  down: 'bad',
  unknown: 'idle',
};

export const ranges = ['1h', '6h', '24h', '7d', '30d', '90d'] as const;
export type Range = (typeof ranges)[number];
const hour = 3_600_000;
export const rangeMs: Record<Range, number> = {
  '1h': hour,
  '6h': 6 * hour,
  '24h': 24 * hour,
  '7d': 7 * 24 * hour,
  '30d': 30 * 24 * hour,
  '90d': 90 * 24 * hour,
};
export const rangeNames: Record<Range, string> = {
  '1h': 'last hour',
  '6h': 'last 6 hours',
  '24h': 'last day',
  '7d': 'last 7 days',
  '30d': 'last 30 days',
  '90d': 'last 90 days',
};

/** A time that was chosen; milliseconds since 1970. */
export interface TimeWindow {
  from: number;
  to: number;
}

const shortestWindow = 60_000;

/** The next window: the middle half of it, or half of it earlier or later; undefined when it would reach beyond now. */
export function movedWindow(
  window: TimeWindow | undefined,
  range: Range,
  how: 'in' | 'earlier' | 'later',
  now: number,
): TimeWindow | undefined {
  const { from, to } = window ?? { from: now - rangeMs[range], to: now };
  const span = to - from;
  switch (how) {
    case 'in':
      return span <= shortestWindow ? { from, to } : { from: from + span / 4, to: to - span / 4 };
    case 'earlier':
      return { from: from - span / 2, to: to - span / 2 };
    case 'later':
      return to + span / 2 > now ? undefined : { from: from + span / 2, to: to + span / 2 };
  }
}

/** What a release calls the services behind the checks of the application and the host. */
const logWords: Record<string, readonly string[]> = {
  backend: ['backend', 'api'],
  frontend: ['frontend', 'web'],
  celery: ['celery', 'worker', 'beat'],
  redis: ['redis'],
};

/** Whether containers on the host may print something of a service. */
export function hasLog({ id }: Pick<ServiceView, 'id'>): boolean {
  return id in logWords;
}

/** The services of a release whose log belongs to a watched service. */
export function logServices(id: string, deployed: readonly string[]): string[] {
  return deployed.filter((name) => (logWords[id] ?? []).some((word) => name.toLowerCase().includes(word)));
}

/** What the header says of everything: the worst first. */
export function headline(services: readonly ServiceView[]): { tone: Tone; text: string } | undefined {
  for (const state of ['down', 'degraded', 'unknown'] as const) {
    const count = services.filter((service) => service.state === state).length;
    if (count > 0) return { tone: stateTones[state], text: `${count} ${stateNames[state].toLowerCase()}` };
  }
  return services.length === 0 ? undefined : { tone: 'ok', text: 'All healthy' };
}

const order: readonly HealthState[] = ['down', 'degraded', 'unknown', 'healthy'];

/** Services with trouble before those without, otherwise as they come. */
export function worstFirst(services: readonly ServiceView[]): ServiceView[] {
  return services.toSorted((a, b) => order.indexOf(a.state) - order.indexOf(b.state));
}

/** Milliseconds as a person reads them. */
export function formatMs(ms: number | undefined): string {
  if (ms === undefined) return '–';
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** Where the scale of latencies ends: at the goal too, unless that would leave a flat line at the bottom. */
export function topOf(most: number, goalMs: number | undefined): number {
  return Math.max(most, goalMs !== undefined && most * 4 >= goalMs ? goalMs : 1) * 1.1;
}

/** A share as a percentage that says 100 only when nothing was missing. */
export function formatUptime(share: number | undefined): string {
  if (share === undefined) return '–';
  return share === 1 ? '100%' : `${(Math.floor(share * 10_000) / 100).toFixed(2)}%`;
}

/** How long ago something was: `4 s ago`. */
export function ageOf(iso: string | undefined, now: number): string {
  if (iso === undefined) return 'not checked yet';
  const seconds = Math.max(0, Math.round((now - Date.parse(iso)) / 1000));
  if (seconds < 60) return `${seconds} s ago`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min ago`;
  return minutes < 48 * 60 ? `${Math.round(minutes / 60)} h ago` : `${Math.round(minutes / 1440)} days ago`;
}

/** Points of a sparkline in a box, as pieces between gaps: each a list for `<polyline>`. The scale begins at 0. */
export function sparkline(values: readonly (number | null)[], width: number, height: number): string[] {
  const top = Math.max(1, ...values.map((value) => value ?? 0));
  const step = values.length < 2 ? 0 : width / (values.length - 1);
  const pieces: string[][] = [[]];
  values.forEach((value, index) => {
    if (value === null) pieces.push([]);
    else
      pieces
        .at(-1)
        ?.push(`${(index * step).toFixed(1)},${(height - 2 - (value / top) * (height - 4)).toFixed(1)}`);
  });
  return pieces.filter((piece) => piece.length > 0).map((piece) => piece.join(' '));
}

/** A line of comma-separated values. A text that a spreadsheet would calculate stays a text. */
export function csvLine(cells: readonly (number | string | undefined)[]): string {
  return cells
    .map((value) => {
      if (typeof value === 'number') return String(Math.round(value * 1000) / 1000);
      const text = (value ?? '').replace(/^[=+@-]/, "'$&");
      return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    })
    .join(',');
}

/** A series as comma-separated values, for a spreadsheet. */
export function seriesCsv(series: HealthSeries): string {
  const lines = series.points.map(({ at, p50, p95, p99, max, up }) => csvLine([at, p50, p95, p99, max, up]));
  return ['at,p50_ms,p95_ms,p99_ms,max_ms,uptime', ...lines, ''].join('\n');
}

/** Incidents as comma-separated values. */
export function incidentsCsv(incidents: readonly Incident[]): string {
  const lines = incidents.map(({ startedAt, endedAt, service, check, state, code, cause, notes }) =>
    csvLine([
      startedAt,
      endedAt,
      service,
      check,
      state,
      code,
      cause,
      notes.map(({ text }) => text).join('; '),
    ]),
  );
  return ['started_at,ended_at,service,check,state,code,cause,notes', ...lines, ''].join('\n');
}

/** Everything as text for a ticket or a chat. */
export function reportText(overview: HealthOverview): string {
  const services = overview.services.flatMap((service) => [
    `- ${service.title}: ${stateNames[service.state]} since ${service.since}. ${service.summary}`,
    ...service.checks.flatMap((check) =>
      check.findings.map(({ code, message, remedy }) => `  - ${check.title}: ${code}: ${message} ${remedy}`),
    ),
  ]);
  const incidents = overview.incidents.map(
    ({ startedAt, endedAt, serviceTitle, cause }) =>
      `- ${startedAt} to ${endedAt ?? 'now'}: ${serviceTitle}: ${cause}`,
  );
  return [
    `Health at ${overview.at}`,
    '',
    ...services,
    '',
    'Incidents of the last day',
    ...(incidents.length === 0 ? ['- none'] : incidents),
    '',
  ].join('\n');
}

/** How long an incident lasted, in seconds; undefined while it does. */
export function lasted({ startedAt, endedAt }: Incident): number | undefined {
  return endedAt === undefined ? undefined : (Date.parse(endedAt) - Date.parse(startedAt)) / 1000;
}
