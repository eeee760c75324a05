import { randomBytes } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { hostname, userInfo } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import type { LoadEvent, LoadOverview } from '#shared/contract/load';
import { AppError, toErrorShape } from '#shared/model/errors';
import {
  type LoadCheck,
  type LoadMeasurement,
  type LoadResult,
  loadResultSchema,
} from '#shared/model/load-check';
import type { Numbered } from '#shared/rpc/define';
import { generateLoad } from '../../adapters/load/generate-load';
import { probeHttp } from '../../adapters/probe/http-probe';
import type { ActivityLog } from '../activity/activity-log';
import { isLoopbackHost } from '../health/loopback';
import type { WorkspaceSettings } from '../settings/settings';
import { jsonFile } from '../workspaces/json-file';
import { availableTokens, loadToken } from './load-token';
import { createBrake, reasonsAgainst } from './verdict';

/** Load checks of one workspace, one at a time. */
export interface LoadService {
  overview(): Promise<LoadOverview>;
  /** Throws `LOAD_NEEDS_CONSENT`, `LOAD_ROUTE_FAILS`, `LOAD_RUNNING` and what connecting throws. */
  start(check: LoadCheck, consent: string | undefined, signal: AbortSignal): Promise<{ id: string }>;
  watch(id: string, after: number, signal: AbortSignal): AsyncIterable<Numbered<LoadEvent>>;
  stop(id: string): void;
  /** Ends what is under way and waits for it. */
  close(): Promise<void>;
}

const fileSchema = z.object({ version: z.literal(1), results: z.array(loadResultSchema) });
const keptResults = 50;
const requestTimeoutMs = 20_000;

interface Running {
  id: string;
  events: LoadEvent[];
  changed: EventEmitter;
  abort: AbortController;
  ended: boolean;
  finished: Promise<void>;
}

export function createLoadService(options: {
  folder: string;
  settings: () => Promise<WorkspaceSettings>;
  activity: ActivityLog;
}): LoadService {
  const file = jsonFile(path.join(options.folder, 'load-checks.json'), fileSchema);
  let current: Running | undefined;
  let starting = false;

  const find = (id: string): Running => {
    if (current?.id === id) return current;
    throw new AppError('NOT_FOUND', 'This load check is not under way here.', {
      hint: 'Cutover was restarted since, or another host began it. Finished ones are in the list.',
    });
  };

  const begin = async (check: LoadCheck, token: string | undefined): Promise<{ id: string }> => {
    const id = randomBytes(6).toString('hex');
    const running: Running = {
      id,
      events: [],
      changed: new EventEmitter().setMaxListeners(0),
      abort: new AbortController(),
      ended: false,
      finished: Promise.resolve(),
    };
    const tell = (event: LoadEvent): void => {
      running.events.push(event);
      running.changed.emit('change');
    };
    await options.activity.record({
      area: 'health',
      action: 'load.start',
      target: check.origin,
      outcome: 'done',
      detail: `${check.users} users on ${check.paths.join(', ')} for ${check.seconds} s`,
    });
    const startedAt = new Date().toISOString();
    const conclude = async (): Promise<void> => {
      const brake = createBrake(check);
      let stopped: string | undefined;
      try {
        const measured = await generateLoad(
          {
            origin: check.origin,
            routes: shared(check),
            headers: {
              'user-agent': 'cutover-loadcheck',
              ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
            },
            rampMs: check.rampSeconds * 1000,
            holdMs: check.seconds * 1000,
            timeoutMs: requestTimeoutMs,
          },
          (tick) => {
            tell({ type: 'tick', tick });
            stopped ??= brake(tick);
            if (stopped !== undefined) running.abort.abort();
          },
          running.abort.signal,
        );
        const result = resultOf(measured, {
          id,
          startedAt,
          check,
          stopped,
          aborted: running.abort.signal.aborted,
        });
        await file.update((before) => ({
          version: 1,
          results: [result, ...(before?.results ?? [])].slice(0, keptResults),
        }));
        await options.activity.record({
          area: 'health',
          action: 'load.end',
          target: check.origin,
          outcome: result.passed ? 'done' : 'failed',
          detail: result.passed ? 'The goal was met.' : result.reasons.join(' '),
        });
        tell({ type: 'result', result });
      } catch (error) {
        tell({ type: 'failed', error: toErrorShape(error) });
      }
    };
    current = running;
    running.finished = conclude().finally(() => {
      running.ended = true;
      running.changed.emit('change');
    });
    return { id };
  };

  return {
    overview: async () => {
      const settings = await options.settings();
      return {
        ...(current?.ended === false ? { running: current.id } : {}),
        results: (await file.read())?.results ?? [],
        own: ownOrigins(settings),
        tokens: availableTokens(settings),
      };
    },
    start: async (check, consent, signal) => {
      if (starting || current?.ended === false) {
        throw new AppError('LOAD_RUNNING', 'A load check is under way.', {
          hint: 'Wait until it has ended, or stop it.',
          retryable: true,
        });
      }
      starting = true;
      try {
        const settings = await options.settings();
        requireConsent(check, settings, consent);
        const token = await loadToken(check.token, settings, signal);
        await lookAtRoutes(check, token, signal);
        return await begin(check, token);
      } finally {
        starting = false;
      }
    },
    watch: async function* (id, after, signal) {
      const running = find(id);
      for (let seq = after + 1; ;) {
        for (; seq < running.events.length; seq += 1) {
          const event = running.events[seq];
          if (event !== undefined) yield { seq, event };
        }
        if (running.ended) return;
        await once(running.changed, 'change', { signal });
      }
    },
    stop: (id) => find(id).abort.abort(),
    close: async () => {
      current?.abort.abort();
      await current?.finished;
    },
  };
}

/** The users by route; the first ones take what does not divide. */
function shared({ paths, users }: LoadCheck): { path: string; users: number }[] {
  return paths.map((route, index) => ({
    path: route,
    users: Math.floor(users / paths.length) + (index < users % paths.length ? 1 : 0),
  }));
}

function ownOrigins(settings: WorkspaceSettings): string[] {
  const urls = [settings.get('APP_BACKEND_URL'), settings.get('APP_FRONTEND_URL')];
  return [
    ...new Set(
      urls.flatMap((text) => (text !== undefined && URL.canParse(text) ? [new URL(text).origin] : [])),
    ),
  ];
}

function requireConsent(check: LoadCheck, settings: WorkspaceSettings, consent: string | undefined): void {
  const { host, hostname: name } = new URL(check.origin);
  const own = ownOrigins(settings).some((origin) => new URL(origin).hostname === name);
  if (own || isLoopbackHost(name) || consent === host) return;
  throw new AppError('LOAD_NEEDS_CONSENT', `${host} is none of the addresses in the settings.`, {
    hint: `Load that its owner does not expect is an attack. If it is yours, confirm with its name: ${host}.`,
    details: { host },
  });
}

/** Asks each route once, certificates verified: a route that fails without load needs none. */
async function lookAtRoutes(check: LoadCheck, token: string | undefined, signal: AbortSignal): Promise<void> {
  for (const route of check.paths) {
    const { status } = await probeHttp(
      {
        url: `${check.origin}${route}`,
        headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      },
      AbortSignal.any([signal, AbortSignal.timeout(requestTimeoutMs)]),
    );
    if (status < 400) continue;
    throw new AppError(
      'LOAD_ROUTE_FAILS',
      `${route} answers with status ${status} before there is any load.`,
      {
        hint:
          status === 401 || status === 403
            ? 'Choose a token that may ask this route: the canary user’s, or the one of the settings.'
            : 'Correct the route, or see to the service first.',
        details: { status: String(status) },
      },
    );
  }
}

function resultOf(
  measured: LoadMeasurement,
  run: {
    id: string;
    startedAt: string;
    check: LoadCheck;
    stopped: string | undefined;
    aborted: boolean;
  },
): LoadResult {
  const { id, startedAt, check, stopped, aborted } = run;
  const outcome = stopped !== undefined ? 'stopped' : aborted ? 'cancelled' : 'completed';
  const reasons = [
    ...(stopped === undefined ? [] : [`Stopped early: ${stopped}`]),
    ...(outcome === 'cancelled' ? ['It was cancelled.'] : []),
    ...reasonsAgainst(check, measured),
  ];
  return {
    ...measured,
    id,
    startedAt,
    endedAt: new Date().toISOString(),
    by: `${userInfo().username}@${hostname()}`,
    check,
    outcome,
    passed: reasons.length === 0,
    reasons,
  };
}
