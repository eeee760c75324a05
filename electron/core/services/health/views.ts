import {
  type CheckView,
  type HealthConfig,
  type HealthState,
  type ServiceView,
  serviceGroups,
  worstState,
} from '#shared/model/health';
import type { MonitoredCheck } from './monitor';

/** The tiles, in the order of the groups; what they say is redacted. */
export function serviceViews(
  checks: readonly MonitoredCheck[],
  config: Pick<HealthConfig, 'maintenance'>,
  redact: (text: string) => string,
  now: number,
): ServiceView[] {
  const ids = [...new Set(checks.map(({ definition }) => definition.service.id))];
  const views = ids.flatMap((id) => {
    const own = checks.filter(({ definition }) => definition.service.id === id);
    const [first] = own;
    return first === undefined ? [] : [serviceView(first, own, config, redact, now)];
  });
  return views.toSorted((a, b) => serviceGroups.indexOf(a.group) - serviceGroups.indexOf(b.group));
}

/** How many services are in each state. */
export function tallyOf(checks: readonly MonitoredCheck[]): Record<HealthState, number> {
  const services = new Map<string, MonitoredCheck[]>();
  for (const check of checks) {
    const { id } = check.definition.service;
    services.set(id, [...(services.get(id) ?? []), check]);
  }
  const counts: Record<HealthState, number> = { healthy: 0, degraded: 0, down: 0, unknown: 0 };
  for (const own of services.values()) counts[stateOfService(own)] += 1;
  return counts;
}

/** The worst of its checks. One that has not run yet says nothing against the others. */
function stateOfService(own: readonly MonitoredCheck[]): HealthState {
  const asked = own.filter(({ last }) => last !== undefined);
  return asked.length === 0 ? 'unknown' : worstState(asked.map(({ state }) => state));
}

function serviceView(
  first: MonitoredCheck,
  own: readonly MonitoredCheck[],
  config: Pick<HealthConfig, 'maintenance'>,
  redact: (text: string) => string,
  now: number,
): ServiceView {
  const { service } = first.definition;
  const state = stateOfService(own);
  const telling = own.filter((check) => check.state === state);
  const shown = state === 'healthy' ? first : (telling[0] ?? first);
  const at = first.last?.at;
  // How long a failure took is no latency.
  const latency = first.recent.at(-1) ?? undefined;
  const reading = shown.last?.outcome.reading ?? (shown === first ? undefined : first.last?.outcome.reading);
  return {
    ...service,
    state,
    since: new Date(
      Math.max(...(telling.length === 0 ? own : telling).map(({ since }) => since)),
    ).toISOString(),
    ...(at === undefined ? {} : { at: new Date(at).toISOString() }),
    summary: redact(shown.last?.outcome.summary ?? 'Not checked yet'),
    ...(reading === undefined && latency === undefined
      ? {}
      : { reading: reading ?? `${Math.round(latency ?? 0)} ms` }),
    recent: [...first.recent],
    maintenance: inMaintenance(config, service.id, now),
    checks: own.map((check) => checkView(check, redact)),
  };
}

function checkView(check: MonitoredCheck, redact: (text: string) => string): CheckView {
  const { definition, last } = check;
  return {
    id: definition.id,
    title: definition.title,
    state: check.state,
    since: new Date(check.since).toISOString(),
    ...(last === undefined ? {} : { at: new Date(last.at).toISOString(), latencyMs: last.latencyMs }),
    summary: redact(last?.outcome.summary ?? 'Not checked yet'),
    ...(last?.outcome.reading === undefined ? {} : { reading: last.outcome.reading }),
    findings: (last?.outcome.findings ?? []).map((found) => ({
      ...found,
      message: redact(found.message),
      remedy: redact(found.remedy),
    })),
    facts: (last?.outcome.facts ?? []).map(({ label, value }) => ({
      label: redact(label),
      value: redact(value),
    })),
    intervalMs: definition.intervalMs,
    timeoutMs: definition.timeoutMs,
    ...(definition.goalMs === undefined ? {} : { goalMs: definition.goalMs }),
    failures: check.failures,
  };
}

/** Whether alerts of a service are held back at a moment. */
export function inMaintenance(
  { maintenance }: Pick<HealthConfig, 'maintenance'>,
  service: string,
  now: number,
): boolean {
  return maintenance.some(
    (window) =>
      (window.service === undefined || window.service === service) &&
      Date.parse(window.from) <= now &&
      now < Date.parse(window.to),
  );
}
