import path from 'node:path';
import { acquireLock, type RunLock } from '../../engine/run-lock';
import type { HealthConfig, HealthOverview, HealthState, Incident, ServiceView } from '#shared/model/health';
import { type Alerter, openAlerter } from './alerts/alerter';
import type { Receiver } from './alerts/receivers';
import type { BuiltChecks } from './build-checks';
import { openHistory, type History } from './history/history';
import { type IncidentLog, openIncidentLog } from './history/incidents';
import { hasOutsideAddress } from './loopback';
import {
  createMonitor,
  type Monitor,
  type MonitorClock,
  type Sample,
  systemClock,
  type Transition,
} from './monitor';
import { inMaintenance, serviceViews, tallyOf } from './views';

const dayMs = 86_400_000;
/** How often the writer of the history is looked for, and the history is tidied. */
const lookMs = 30_000;
const tidyMs = 6 * 3_600_000;
/** How often is looked whether an alert is due; incidents themselves are told at once. */
const alertMs = 10_000;

export interface RuntimeOptions {
  folder: string;
  host: string;
  config: HealthConfig;
  built: BuiltChecks;
  redact: (text: string) => string;
  onChange: () => void;
  /** Who is told of incidents, by the host that keeps the history. */
  receivers: readonly Receiver[];
  /** The name of the workspace, for those. */
  workspace: string;
  clock?: MonitorClock;
}

/** Watches the services of one workspace with one set of settings; new settings make a new one. */
export interface HealthRuntime {
  readonly history: History;
  readonly incidents: IncidentLog;
  start(): void;
  checkNow: Monitor['checkNow'];
  services(): ServiceView[];
  /** How many services are in each state; undefined while they are not watched. */
  tally(): Record<HealthState, number> | undefined;
  overview(): Promise<HealthOverview>;
  stop(): Promise<void>;
}

export function createHealthRuntime(options: RuntimeOptions): HealthRuntime {
  const { config, redact } = options;
  const clock = options.clock ?? systemClock;
  const folder = path.join(options.folder, 'health');
  const history = openHistory(folder);
  const incidents = openIncidentLog(folder);
  const stopping = new AbortController();
  const pending = new Set<Promise<void>>();
  let lock: RunLock | undefined;
  let alerter: Alerter | undefined;
  let started = false;
  let open: Incident[] = [];

  const serviceOf = new Map(options.built.checks.map(({ id, service }) => [id, service.id]));
  /** What is taken down on purpose is held against nobody's uptime. */
  const countedInMaintenance = (sample: Sample): Sample =>
    sample.covered.state === 'down' && inMaintenance(config, serviceOf.get(sample.check) ?? '', sample.at)
      ? { ...sample, covered: { ...sample.covered, state: 'unknown' } }
      : sample;

  const background = (work: Promise<void>): void => {
    // A full disk must not end the watching; what can't be written is missing from the history.
    const done = work.catch(() => undefined).finally(() => pending.delete(done));
    pending.add(done);
  };

  const onTransition = async ({ definition, to, at, findings }: Transition): Promise<void> => {
    if (lock === undefined) return;
    const known = open.find(({ check }) => check === definition.id);
    const iso = new Date(at).toISOString();
    if (to === 'healthy' && known !== undefined) {
      open = open.filter((incident) => incident !== known);
      await incidents.close(known.id, iso);
      alerter?.note({ ...known, endedAt: iso });
    }
    if (to !== 'degraded' && to !== 'down') return;
    const worst = findings.find(({ state }) => state === to) ?? findings[0];
    const what = {
      code: worst?.code ?? 'NOT_CHECKED',
      cause: redact(worst?.message ?? 'It fails its check.'),
      remedy: redact(worst?.remedy ?? 'Look at the service.'),
    };
    if (known === undefined) {
      const incident = await incidents.open({
        service: definition.service.id,
        serviceTitle: definition.service.title,
        check: definition.id,
        checkTitle: definition.title,
        state: to,
        startedAt: iso,
        ...what,
      });
      open = [...open, incident];
      alerter?.note(incident);
    } else if (to === 'down' && known.state === 'degraded') {
      const worse: Incident = { ...known, ...what, state: 'down' };
      open = open.map((incident) => (incident === known ? worse : incident));
      await incidents.worsen(known.id, what);
      alerter?.note(worse);
    }
  };

  let notices: Promise<void> = Promise.resolve();
  const monitor: Monitor = createMonitor({
    checks: options.built.checks,
    clock,
    hasNetwork: hasOutsideAddress,
    onSample: (sample) => {
      if (lock !== undefined) background(history.add(countedInMaintenance(sample)));
    },
    onTransition: (transition) => {
      // One after another, so that a close never overtakes its opening.
      notices = notices.then(() => onTransition(transition)).catch(() => undefined);
      background(notices.then(() => alerter?.tick()));
    },
    onChange: options.onChange,
  });

  const takeLock = async (): Promise<void> => {
    if (lock !== undefined || stopping.signal.aborted) return;
    lock = await acquireLock({
      dir: path.join(folder, 'lock'),
      runId: 'health',
      host: options.host,
      signal: stopping.signal,
    }).catch(() => undefined);
    if (lock === undefined) return;
    lock.lost.addEventListener('abort', () => (lock = alerter = undefined), { once: true });
    open = (await incidents.list()).filter(({ endedAt }) => endedAt === undefined);
    alerter = await openAlerter({
      folder,
      workspace: options.workspace,
      receivers: options.receivers,
      rules: {
        ...config.alerts,
        inMaintenance: (service, now) => inMaintenance(config, service, now),
      },
      lasting: open,
      redact,
      now: () => clock.wall(),
    });
    await history.tidy(clock.wall());
    await incidents.tidy(clock.wall());
    options.onChange();
  };

  const timers = new Map<() => Promise<void>, () => void>();
  const every = (ms: number, work: () => Promise<void>): void => {
    const again = (): void => {
      const cancel = clock.after(ms, () => {
        background(work());
        again();
      });
      timers.set(work, cancel);
    };
    again();
  };

  return {
    history,
    incidents,
    start() {
      if (started) return;
      started = true;
      background(
        takeLock().finally(() => {
          if (!stopping.signal.aborted) monitor.start();
        }),
      );
      every(lookMs, takeLock);
      every(alertMs, async () => alerter?.tick());
      every(tidyMs, async () => {
        if (lock !== undefined) await history.tidy(clock.wall());
      });
    },
    checkNow: (which, signal) => monitor.checkNow(which, AbortSignal.any([signal, stopping.signal])),
    tally: () => (started ? tallyOf(monitor.checks()) : undefined),
    services: () => serviceViews(monitor.checks(), config, redact, clock.wall()),
    async overview() {
      const now = clock.wall();
      const recent = (await incidents.list()).filter(
        ({ endedAt }) => endedAt === undefined || now - Date.parse(endedAt) < dayMs,
      );
      return {
        at: new Date(now).toISOString(),
        enabled: config.enabled,
        recording: !started ? 'off' : lock === undefined ? 'other' : 'here',
        services: serviceViews(monitor.checks(), config, redact, now),
        incidents: recent.slice(0, 100),
        alertFailures: alerter?.failures() ?? [],
      };
    },
    async stop() {
      stopping.abort();
      for (const cancel of timers.values()) cancel();
      await monitor.stop();
      while (pending.size > 0) await Promise.all(pending);
      await history.close();
      await lock?.release();
      await options.built.close();
    },
  };
}
