import { join } from 'node:path';
import { executeRun } from '../../engine/execute-run';
import { followJournal, lockDir } from '../../engine/follow-journal';
import {
  createRun,
  loadRun,
  matchHeader,
  newRunId,
  removeRun,
  reopenRun,
  type OpenRun,
  type StoredRun,
} from '../../engine/open-run';
import { planRun } from '../../engine/plan-run';
import { acquireLock, type RunLock } from '../../engine/run-lock';
import { openAppendFile, type OpenAppendFile } from '../../engine/run-files';
import { requestOfRun, withdrawRequest } from '../../engine/run-requests';
import type { AnyStep } from '../../engine/step';
import { AppError, toAppError } from '#shared/model/errors';
import {
  runIdSchema,
  type JournalEvent,
  type Lane,
  type PlanView,
  type RunSummary,
  type RunView,
} from '#shared/model/run';
import { isResumable, isSettled, withoutHolder } from '#shared/model/run-view';
import type { Numbered } from '#shared/rpc/define';
import { runReport, type RunReport } from './run-report';
import { createRunViews } from './run-views';

export interface RunsServiceOptions<Ports extends { close(): Promise<void> }> {
  workspaceDir: string;
  steps(only: readonly Lane[]): AnyStep<Ports>[];
  openPorts(): Promise<Ports>;
  /** Identity of what the ports lead to, by name; hashed, no secret. Throws when no run may go from the one to the other. */
  fingerprints(ports: Ports, only: readonly Lane[], signal: AbortSignal): Promise<Record<string, string>>;
  redact(text: string): string;
  /** Kind of host: `desktop`, `browser` or `cli`. */
  host: string;
  /** Opens the journal's file; tests put a failing disk in its place. */
  openFile?: OpenAppendFile;
  /** Told when a start has to wait for the sign that an earlier holder is gone. */
  onWait?(message: string): void;
}

/** Runs of one workspace. Every failure is an AppError. */
export interface RunsService {
  /** Reads both sides and plans; writes nothing. */
  plan(only: readonly Lane[], signal: AbortSignal): Promise<PlanView>;
  /**
   * Plans and begins. Answers once the run's header is on the disk; the work goes on whatever becomes of the caller.
   * `planHash`: of the plan that was read; null begins one that nobody has read, unless `signal` ends its making.
   * Throws `PLAN_CHANGED` and `RUN_LOCKED`.
   */
  start(
    input: { only: readonly Lane[]; planHash: string | null },
    signal: AbortSignal,
  ): Promise<{ runId: string }>;
  /** Takes up a failed, cancelled or interrupted run. Throws `RUN_NOT_RESUMABLE`, `RUN_HEADER_MISMATCH`, `RUN_LOCKED`. */
  resume(runId: string): Promise<{ runId: string }>;
  /** These three reach a run in any process; they throw `RUN_NOT_RUNNING` when it is settled. */
  pause(runId: string): Promise<void>;
  continue(runId: string): Promise<void>;
  cancel(runId: string): Promise<void>;
  list(): Promise<RunSummary[]>;
  get(runId: string): Promise<RunView>;
  /** Compares both sides again and answers when that is done. Throws `RUN_NOT_RESUMABLE` when a step is not done. */
  verify(runId: string): Promise<RunView>;
  /** The run's journal as it grows, whoever executes it; ends when the run has settled. */
  watch(runId: string, after: number, signal: AbortSignal): AsyncIterable<Numbered<JournalEvent>>;
  report(runId: string, format: 'html' | 'json'): Promise<RunReport>;
  /** Resolves when the run has settled and, if it ran here, has let go of everything; at once when the host closes. */
  settled(runId: string): Promise<RunView>;
  /** Stops own runs as interrupted, so that they can be resumed, and waits for that. */
  close(): Promise<void>;
}

/** Makes the runs service of a workspace folder. */
export function createRunsService<Ports extends { close(): Promise<void> }>(
  options: RunsServiceOptions<Ports>,
): RunsService {
  const runsDir = join(options.workspaceDir, 'runs');
  const views = createRunViews(runsDir);
  const closing = new AbortController();
  const own = new Map<string, Promise<void>>();
  const beginning = new Set<Promise<void>>();
  const journal = {
    runsDir,
    redact: (text: string): string => options.redact(text),
    openFile: options.openFile ?? openAppendFile,
  };

  const lock = (runId: string): Promise<RunLock> =>
    acquireLock({
      dir: lockDir(runsDir),
      runId,
      host: options.host,
      signal: closing.signal,
      onWait: (message) => options.onWait?.(message),
    });

  const withPorts = async <T>(use: (ports: Ports) => Promise<T>): Promise<T> => {
    const ports = await options.openPorts();
    try {
      return await use(ports);
    } finally {
      await ports.close();
    }
  };

  type Open = (held: RunLock, ports: Ports) => Promise<{ run: OpenRun; steps: AnyStep<Ports>[] }>;

  const begin = async (runId: string, open: Open): Promise<void> => {
    const begun = openAndExecute(runId, open);
    beginning.add(begun);
    try {
      await begun;
    } finally {
      beginning.delete(begun);
    }
  };

  /** Opens what a run needs, in order, and gives back in reverse order what is open when a later part fails. */
  const openAndExecute = async (runId: string, open: Open): Promise<void> => {
    const held = await lock(runId);
    try {
      const ports = await options.openPorts();
      try {
        const { run, steps } = await open(held, ports);
        const work = execute(run, steps, ports, held)
          // The run has settled by then: a connection that ends badly changes nothing of it.
          .catch(() => undefined)
          .finally(() => own.delete(runId));
        own.set(runId, work);
      } catch (error) {
        await ports.close();
        throw error;
      }
    } catch (error) {
      await held.release();
      throw toAppError(error);
    }
  };

  const execute = async (
    run: OpenRun,
    steps: AnyStep<Ports>[],
    ports: Ports,
    held: RunLock,
  ): Promise<void> => {
    const outcome = await executeRun({ run, steps, ports, lock: held, interrupt: closing.signal });
    if (outcome.abandoned.length === 0) {
      try {
        await held.release();
      } finally {
        await ports.close();
      }
      return;
    }
    // A step that did not heed the signal may still write: the lock is kept until it has ended, and losing its connections
    // helps it to. A closing host does not wait for that.
    ports.close().catch(() => undefined);
    await Promise.race([outcome.idle.then(() => held.release()), aborted(closing.signal)]);
  };

  const takeUp = async (runId: string, purpose: 'resume' | 'verify'): Promise<void> => {
    requireUnfinished(await views.get(checkRunId(runId)), purpose);
    await begin(runId, async (held, ports) => {
      // Again under the lock: another host may have taken it up meanwhile.
      requireUnfinished(await views.get(runId), purpose);
      const stored = await loadRun(runsDir, runId);
      const steps = options.steps(stored.header.only);
      matchHeader(stored.header, {
        steps,
        fingerprints: await options.fingerprints(ports, stored.header.only, closing.signal),
      });
      if (purpose === 'verify') requireComplete(runId, stored, steps);
      const run = await reopenRun({ ...journal, runId, lock: held, stored, steps, by: options.host });
      return { run, steps };
    });
  };

  const requireRunning = async (runId: string): Promise<string> => {
    const view = await views.get(checkRunId(runId));
    if (isSettled(view.state)) {
      throw new AppError('RUN_NOT_RUNNING', `Run ${runId} is not under way: it is ${view.state}.`, {
        hint: isResumable(view.state) ? 'Resume it to go on.' : 'There is nothing to stop.',
      });
    }
    return runId;
  };

  const service: RunsService = {
    async plan(only, signal) {
      return withPorts(async (ports) => {
        const planned = await planRun({ steps: options.steps(only), ports, only, signal });
        // Asked for what it refuses: nobody shall read a plan that can't be begun.
        await options.fingerprints(ports, planned.view.only, signal);
        return planned.view;
      });
    },

    async start({ only, planHash }, signal) {
      const runId = newRunId(new Date());
      await begin(runId, async (held, ports) => {
        for (const id of await views.unbegun()) await removeRun(runsDir, id);
        const steps = options.steps(only);
        const planned = await planRun({
          steps,
          ports,
          only,
          signal: planHash === null ? AbortSignal.any([closing.signal, signal]) : closing.signal,
        });
        if (planHash !== null && planned.view.hash !== planHash) {
          throw new AppError('PLAN_CHANGED', 'The source or the target changed since the plan was made.', {
            hint: 'Read the new plan, then start again.',
            details: { expected: planHash, found: planned.view.hash },
          });
        }
        const fingerprints = await options.fingerprints(ports, planned.view.only, closing.signal);
        const run = await createRun({ ...journal, runId, lock: held, planned, steps, fingerprints });
        return { run, steps };
      });
      return { runId };
    },

    async resume(runId) {
      await takeUp(runId, 'resume');
      return { runId };
    },

    async pause(runId) {
      await requestOfRun(runsDir, await requireRunning(runId), 'pause');
    },

    async continue(runId) {
      await withdrawRequest(runsDir, await requireRunning(runId), 'pause');
    },

    async cancel(runId) {
      await requestOfRun(runsDir, await requireRunning(runId), 'cancel');
    },

    list: () => views.list(),
    get: async (runId) => views.get(checkRunId(runId)),

    async verify(runId) {
      await takeUp(runId, 'verify');
      return service.settled(runId);
    },

    async *watch(runId, after, signal) {
      for await (const event of followJournal({ runsDir, runId: checkRunId(runId), after, signal })) {
        yield { seq: event.seq, event };
      }
    },

    async report(runId, format) {
      return runReport(await views.get(checkRunId(runId)), format);
    },

    async settled(runId) {
      const work = own.get(checkRunId(runId));
      if (work !== undefined) {
        await work;
        return views.get(runId);
      }
      let seen = -1;
      const following = followJournal({ runsDir, runId, after: -1, signal: closing.signal });
      for await (const event of following) seen = event.seq;
      const view = await views.get(runId);
      return view.seq >= seen ? view : withoutHolder(view);
    },

    async close() {
      closing.abort(new AppError('CANCELLED', 'The host is closing.'));
      await Promise.allSettled(beginning);
      await Promise.allSettled(own.values());
    },
  };
  return service;
}

function checkRunId(runId: string): string {
  if (runIdSchema.safeParse(runId).success) return runId;
  throw new AppError('INVALID_INPUT', 'That is not a run id.', { hint: 'List the runs to see their ids.' });
}

/** A run that somebody may still hold passes: the lock tells. */
function requireUnfinished(view: RunView, purpose: 'resume' | 'verify'): void {
  if (purpose === 'verify' || !isSettled(view.state) || isResumable(view.state)) return;
  throw new AppError('RUN_NOT_RESUMABLE', `Run ${view.id} has ended well. There is nothing to resume.`, {
    hint: 'Verify it again, or start a new run.',
  });
}

function requireComplete(runId: string, stored: StoredRun, steps: readonly { id: string }[]): void {
  if (steps.every((step) => stored.history.steps.get(step.id)?.ended === true)) return;
  throw new AppError(
    'RUN_NOT_RESUMABLE',
    `Run ${runId} is not complete, so there is nothing to verify yet.`,
    {
      hint: 'Resume the run. It is verified at its end.',
    },
  );
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
