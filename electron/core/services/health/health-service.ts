import { hostname, userInfo } from 'node:os';
import type { HealthSeries, HealthSettings, ServiceUptime } from '#shared/contract/health';
import { type ErrorShape, toErrorShape } from '#shared/model/errors';
import type { AlertChannelName, HealthConfig, HealthOverview, Incident } from '#shared/model/health';
import { settingsOf } from '#shared/model/settings';
import type { Numbered } from '#shared/rpc/define';
import type { OperatorDesk } from '../../ports/operator-desk';
import type { ActivityLog } from '../activity/activity-log';
import { settingViews } from '../connections/connection-state';
import type { OpenedWorkspace, WorkspacesService } from '../workspaces/workspaces-service';
import { receiversOf } from './alerts/receivers';
import { buildChecks } from './build-checks';
import { healthConfigFile } from './health-config';
import { createHealthRuntime, type HealthRuntime } from './health-runtime';
import type { WhichChecks } from './monitor';

import { niceStep, seriesOf } from './history/series';
import { uptimes } from './history/uptimes';

export interface HealthServiceOptions {
  workspaces: WorkspacesService;
  host: 'desktop' | 'browser' | 'cli';
  env: Readonly<Record<string, string | undefined>>;
  /** Of the open workspace. */
  activity: () => ActivityLog;
  desk?: OperatorDesk | undefined;
}

/** Live health of the open workspace. Everything but {@link HealthService.wake} throws `WORKSPACE_NOT_OPEN` without one. */
export interface HealthService {
  /** Takes up the workspace, settings and secrets as they are now, and watches if that is switched on. Never throws. */
  wake(): Promise<void>;
  overview(): Promise<HealthOverview>;
  watch(after: number, signal: AbortSignal): AsyncIterable<Numbered<HealthOverview>>;
  /** Runs checks at once. A host that only answers commands keeps nothing of it. */
  checkNow(which: WhichChecks, signal: AbortSignal): Promise<HealthOverview>;
  settings(): Promise<HealthSettings>;
  configure(config: HealthConfig): Promise<HealthSettings>;
  series(input: { check: string; from: string; to: string; points: number }): Promise<HealthSeries>;
  uptime(): Promise<ServiceUptime[]>;
  incidents(): Promise<Incident[]>;
  /** Sends a test to every receiver of alerts that is set up; one that does not take it has an error. */
  testAlert(): Promise<{ channel: AlertChannelName; error?: ErrorShape }[]>;
  note(id: string, text: string): Promise<void>;
  close(): Promise<void>;
}

/** At most one overview in this time goes to a page. */
const paceMs = 2000;

export function createHealthService(options: HealthServiceOptions): HealthService {
  const { workspaces } = options;
  let runtime: { folder: string; of: HealthRuntime } | undefined;
  let turn: Promise<void> = Promise.resolve();
  // Numbers rise over restarts too: a page that reconnects names the last one it saw.
  let version = Date.now();
  let closed = false;
  const listeners = new Set<() => void>();
  const tellDesk = options.desk === undefined ? undefined : deskTeller(options.desk, () => runtime?.of);
  const changed = (): void => {
    version += 1;
    tellDesk?.();
    for (const listener of listeners) listener();
  };

  const nameOf = async (): Promise<string> => (await workspaces.current())?.name ?? 'Cutover';

  const make = async (workspace: OpenedWorkspace): Promise<HealthRuntime> => {
    const [settings, config] = await Promise.all([
      workspace.settings(),
      healthConfigFile(workspace.folder).read(),
    ]);
    const made = createHealthRuntime({
      folder: workspace.folder,
      host: options.host,
      config,
      built: buildChecks(settings, config, {
        keyPassphrase: options.env.CUTOVER_SSH_KEY_PASSPHRASE,
        agent: options.env.SSH_AUTH_SOCK,
      }),
      redact: (text) => settings.redact(text),
      onChange: changed,
      receivers: receiversOf(settings, config.alerts, options.desk),
      workspace: await nameOf(),
    });
    // A command looks once and ends; only hosts that stay open watch.
    if (config.enabled && options.host !== 'cli') made.start();
    return made;
  };

  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = turn.then(work);
    turn = done.then(
      () => undefined,
      () => undefined,
    );
    return done;
  };

  const replace = async (): Promise<void> => {
    const before = runtime;
    runtime = undefined;
    await before?.of.stop();
    if (closed) return;
    const workspace = workspaces.opened();
    runtime = { folder: workspace.folder, of: await make(workspace) };
    changed();
  };
  const current = async (): Promise<HealthRuntime> => {
    const { folder } = workspaces.opened();
    await inTurn(async () => {
      if (runtime?.folder !== folder) await replace();
    });
    if (runtime === undefined) throw new Error('Health was closed.');
    return runtime.of;
  };

  const settings = async (): Promise<HealthSettings> => {
    const workspace = workspaces.opened();
    const config = await healthConfigFile(workspace.folder).read();
    return { config, settings: settingViews(settingsOf('health'), await workspace.settings()) };
  };

  return {
    wake: () =>
      inTurn(async () => {
        // A command that has nothing to do with health makes nothing of it.
        if (options.host === 'cli' && runtime === undefined) return;
        await replace().catch(() => undefined);
      }),
    overview: async () => (await current()).overview(),
    async *watch(after, signal) {
      let sent = after;
      while (!signal.aborted) {
        if (version !== sent) {
          sent = version;
          yield { seq: sent, event: await (await current()).overview() };
        }
        await nextChange(listeners, signal, () => version !== sent);
      }
    },
    checkNow: async (which, signal) => {
      const now = await current();
      await now.checkNow(which, signal);
      return now.overview();
    },
    settings,
    configure: async (config) => {
      const { folder } = workspaces.opened();
      const file = healthConfigFile(folder);
      const before = await file.read();
      await file.write(config);
      await options.activity().record({
        area: 'health',
        action: 'health.configure',
        target: 'live health',
        outcome: 'done',
        ...differences(before, config),
      });
      await inTurn(replace);
      return settings();
    },
    series: async ({ check, from, to, points }) => {
      const [start, end] = [Date.parse(from), Date.parse(to)];
      const stepMs = niceStep((end - start) / points);
      const { history } = await current();
      return seriesOf({ check, from, to, stepMs }, await history.buckets(check, start, end, stepMs));
    },
    uptime: async () => {
      const now = await current();
      const asked = now.services().map((view) => ({ ...view, checks: view.checks.map(({ id }) => id) }));
      return uptimes(now.history, asked, Date.now());
    },
    incidents: async () => (await current()).incidents.list(),
    testAlert: async () => {
      const workspace = workspaces.opened();
      const [settings, { alerts }] = await Promise.all([
        workspace.settings(),
        healthConfigFile(workspace.folder).read(),
      ]);
      const message = { workspace: await nameOf(), at: new Date().toISOString(), alerts: [] };
      return Promise.all(
        receiversOf(settings, alerts, options.desk).map(async (receiver) => {
          const { channel } = receiver;
          try {
            await receiver.send(message);
            return { channel };
          } catch (error) {
            const shape = toErrorShape(error);
            return { channel, error: { ...shape, message: settings.redact(shape.message) } };
          }
        }),
      );
    },
    note: async (id, text) => {
      const { incidents } = await current();
      await incidents.note(id, {
        at: new Date().toISOString(),
        by: `${userInfo().username}@${hostname()}`,
        text,
      });
      changed();
    },
    close: async () => {
      closed = true;
      await inTurn(async () => {
        await runtime?.of.stop();
        runtime = undefined;
        options.desk?.showHealth(undefined);
      });
    },
  };
}

/** Tells the desk of the states, at the pace of pages and only when they are others. */
function deskTeller(desk: OperatorDesk, runtime: () => HealthRuntime | undefined): () => void {
  let waiting = false;
  let told: string | undefined;
  return () => {
    if (waiting) return;
    waiting = true;
    setTimeout(() => {
      waiting = false;
      const now = runtime()?.tally();
      const text = now === undefined ? undefined : JSON.stringify(now);
      if (text === told) return;
      told = text;
      desk.showHealth(now);
    }, paceMs).unref();
  };
}

/** Waits for a change, and at least the pace, so that many changes make one answer. */
async function nextChange(
  listeners: Set<() => void>,
  signal: AbortSignal,
  isNews: () => boolean,
): Promise<void> {
  const pause = (ms: number | undefined, until: (wake: () => void) => () => void) =>
    new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        stop();
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = ms === undefined ? undefined : setTimeout(done, ms);
      const stop = until(done);
      signal.addEventListener('abort', done, { once: true });
      if (signal.aborted) done();
    });
  await pause(paceMs, () => () => undefined);
  if (isNews() || signal.aborted) return;
  await pause(undefined, (wake) => {
    listeners.add(wake);
    return () => listeners.delete(wake);
  });
}

function differences(before: HealthConfig, after: HealthConfig) {
  const names = Object.keys(after).filter((name) => textOf(before, name) !== textOf(after, name));
  return {
    before: Object.fromEntries(names.map((name) => [name, textOf(before, name)])),
    after: Object.fromEntries(names.map((name) => [name, textOf(after, name)])),
  };
}

function textOf(config: HealthConfig, name: string): string {
  return JSON.stringify(Object.entries(config).find(([key]) => key === name)?.[1]);
}
