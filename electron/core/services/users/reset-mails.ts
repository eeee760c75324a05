import { setTimeout as wait } from 'node:timers/promises';
import type { ResetCounts, ResetsState } from '#shared/contract/users';
import { AppError, type ErrorCode, toAppError } from '#shared/model/errors';
import type { ActivityLog } from '../activity/activity-log';
import { isUncertain } from './perform';

/** Seconds until the service is asked again after it asked to slow down, or had no answer; doubled each time. */
const firstPause = 30;
const longestPause = 900;
/** So many refusals or failures in a row say something about the project, not about these users. */
const patience = 8;
/** Refusals that the state shows. */
const shownRefusals = 50;

const hopeless: readonly ErrorCode[] = ['SUPABASE_KEY_REFUSED', 'SETTING_MISSING', 'SETTING_INVALID'];

/** What sending needs of the project. */
export interface ResetMailPorts {
  count(signal: AbortSignal): Promise<ResetCounts>;
  next(except: readonly string[], signal: AbortSignal): Promise<{ id: string; email: string } | undefined>;
  send(email: string, signal: AbortSignal): Promise<void>;
  /** Milliseconds. */
  pause?: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

/** Mails for a new password to users whose old hash the Auth service refuses. Nothing is sent until somebody starts it. */
export interface ResetMails {
  state(signal: AbortSignal): Promise<ResetsState>;
  /** Goes on until everybody was written to, {@link stop}, or the end of the process; started again, it goes on from there. */
  start(perHour: number): Promise<void>;
  /** Resolves when the mail that was under way has been given to the service. */
  stop(): Promise<void>;
  /** Resolves when nothing is being sent any more. */
  ended(): Promise<void>;
}

type Run = NonNullable<ResetsState['run']>;

export function createResetMails(
  open: () => Promise<ResetMailPorts>,
  activity: Pick<ActivityLog, 'record'>,
): ResetMails {
  let run: Run | undefined;
  let current: { stop: AbortController; ended: Promise<void> } | undefined;

  const note = (outcome: 'done' | 'partial' | 'failed', target: string, detail: string) =>
    activity.record({ area: 'users', action: 'users.reset-mails', target, outcome, detail });

  const sendAll = async (ports: ResetMailPorts, state: Run, signal: AbortSignal): Promise<void> => {
    const pause = ports.pause ?? ((milliseconds, until) => wait(milliseconds, undefined, { signal: until }));
    const tried: string[] = [];
    let inARow = 0;
    let seconds = firstPause;
    for (;;) {
      const user = await ports.next(tried, signal);
      if (user === undefined) return;
      try {
        await ports.send(user.email, signal);
        state.sent += 1;
        inARow = 0;
        seconds = firstPause;
        // The service notes it by itself; a stand-in that does not must not be asked for ever.
        tried.push(user.id);
        delete state.waiting;
      } catch (error) {
        if (signal.aborted) throw error;
        const failure = toAppError(error);
        if (hopeless.includes(failure.code)) throw failure;
        inARow += 1;
        if (inARow >= patience) throw failure;
        if (failure.code === 'SUPABASE_AUTH_THROTTLED' || isUncertain(failure)) {
          const asked = Number(failure.details?.retryAfter ?? 0);
          const pauseFor = Math.min(longestPause, Math.max(asked, seconds));
          state.waiting = `${failure.message} It goes on in ${pauseFor} seconds.`;
          seconds *= 2;
          await pause(pauseFor * 1000, signal);
          continue;
        }
        tried.push(user.id);
        state.refused += 1;
        if (state.refusals.length < shownRefusals)
          state.refusals.push({ email: user.email, reason: failure.message });
      }
      await pause(3_600_000 / state.perHour, signal);
    }
  };

  return {
    state: async (signal) => ({
      ...(await (await open()).count(signal)),
      ...(run === undefined ? {} : { run: structuredClone(run) }),
    }),
    start: async (perHour) => {
      if (current !== undefined) {
        throw new AppError('INVALID_INPUT', 'Mails are being sent already.', {
          hint: 'Stop it first to send them at another pace.',
        });
      }
      const ports = await open();
      const stop = new AbortController();
      const state: Run = { perHour, sent: 0, refused: 0, refusals: [], running: true };
      run = state;
      const work = async (): Promise<void> => {
        let failure: AppError | undefined;
        try {
          await note('done', `at most ${perHour} an hour`, 'Sending began.');
          await sendAll(ports, state, stop.signal);
        } catch (error) {
          if (!stop.signal.aborted) failure = toAppError(error);
        }
        state.running = false;
        delete state.waiting;
        if (failure !== undefined) state.stopped = failure.toShape();
        const why =
          failure === undefined ? (stop.signal.aborted ? '; stopped' : '') : `; stopped: ${failure.message}`;
        const whole = failure === undefined && state.refused === 0;
        await note(
          whole ? 'done' : state.sent === 0 ? 'failed' : 'partial',
          `${state.sent} mails`,
          `${state.sent} given to the service, ${state.refused} refused${why}`,
        );
        current = undefined;
      };
      current = { stop, ended: work() };
    },
    stop: async () => {
      const running = current;
      running?.stop.abort();
      await running?.ended;
    },
    ended: async () => {
      await current?.ended;
    },
  };
}
