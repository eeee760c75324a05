import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { AppError } from '#shared/model/errors';
import type { RunHeader } from '#shared/model/run';
import { isSettled } from '#shared/model/run-view';
import { z } from 'zod';
import { JournalTail } from './journal-reader';
import { JournalWriter, type NewJournalEvent } from './journal-writer';
import { hashPlans, type PlannedRun } from './plan-run';
import {
  makePrivateDir,
  openAppendFile,
  readIfThere,
  runPaths,
  syncDir,
  toWriteError,
  writeDurably,
  type OpenAppendFile,
} from './run-files';
import { recordEvent, replay, stepHistory, type RunHistory } from './run-history';
import type { RunLock } from './run-lock';
import { withdrawRequest } from './run-requests';
import type { AnyStep } from './step';
import { orderSteps } from './step-order';

/** Raised when the journal changes so that an older engine's run can't be resumed. */
export const engineVersion = 1;

/** Space that is given up when the disk is full, for the journal's last events. */
const reserveBytes = 64 * 1024;

/** A run whose journal is open for writing; belongs to the holder of the lock. */
export interface OpenRun {
  readonly id: string;
  readonly runsDir: string;
  readonly header: RunHeader;
  /** Plans by step id, as the steps made them. */
  readonly plans: Readonly<Record<string, unknown>>;
  /** What was done when the run was opened, kept up to date by its executor. */
  readonly history: RunHistory;
  readonly resumed: boolean;
  readonly journal: JournalWriter;
}

interface OpenOptions {
  runsDir: string;
  runId: string;
  lock: RunLock;
  redact(text: string): string;
  openFile?: OpenAppendFile;
  now?: () => Date;
}

const planFileSchema = z.object({ hash: z.string(), plans: z.record(z.string(), z.unknown()) });

/** A new run id: UTC start time and a random suffix. */
export function newRunId(now: Date): string {
  const time = now.toISOString().replace(/[-:]|\.\d+/g, '');
  const suffix = [...randomBytes(6)].map((byte) => (byte % 36).toString(36)).join('');
  return `${time}-${suffix}`;
}

/**
 * Makes a run's folder with its plan, header and planned steps, all on the disk when this resolves. Throws
 * `DISK_FULL_LOCAL` or `WORKSPACE_UNREADABLE`.
 */
export async function createRun(
  options: OpenOptions & {
    planned: PlannedRun;
    steps: readonly { id: string; version: number }[];
    fingerprints: Record<string, string>;
  },
): Promise<OpenRun> {
  const { runsDir, runId, planned } = options;
  const paths = runPaths(runsDir, runId);
  const ids = planned.view.steps.map((step) => step.id);
  const header: RunHeader = {
    runId,
    engine: engineVersion,
    steps: versionsOf(options.steps.filter((step) => ids.includes(step.id))),
    only: planned.view.only,
    planHash: planned.view.hash,
    fingerprints: options.fingerprints,
  };
  const events: NewJournalEvent[] = [
    { type: 'run.header', data: header },
    ...planned.view.steps.map((step) => ({ type: 'step.planned' as const, step: step.id, data: step })),
  ];
  try {
    await makePrivateDir(paths.dir);
    await makePrivateDir(paths.requests);
    await writeDurably(paths.plan, JSON.stringify({ hash: planned.view.hash, plans: planned.raw }));
    await writeDurably(paths.reserve, '\n'.repeat(reserveBytes));
    const journal = await openWriter(options, { nextSeq: 0, bytes: 0 });
    await journal.append(...events);
    await syncDir(paths.dir);
    await syncDir(runsDir);
    return {
      id: runId,
      runsDir,
      header,
      plans: planned.raw,
      history: replay(events),
      resumed: false,
      journal,
    };
  } catch (error) {
    await removeRun(runsDir, runId);
    throw toWriteError(error, 'The folder of the run');
  }
}

/** Removes a run's folder. The caller holds the lock. */
export async function removeRun(runsDir: string, runId: string): Promise<void> {
  await rm(runPaths(runsDir, runId).dir, { recursive: true, force: true });
}

/** A run as it stands on the disk. */
export interface StoredRun {
  readonly header: RunHeader;
  readonly plans: Readonly<Record<string, unknown>>;
  readonly history: RunHistory;
  readonly nextSeq: number;
  readonly bytes: number;
}

/** Reads a run. Throws `NOT_FOUND`, `JOURNAL_DAMAGED`, or `RUN_HEADER_MISMATCH` when the plan is not the journal's. */
export async function loadRun(runsDir: string, runId: string): Promise<StoredRun> {
  const paths = runPaths(runsDir, runId);
  const tail = new JournalTail(paths.journal);
  const history = replay(await tail.read());
  const { header } = history;
  if (header === undefined) throw runNotFound(runId);
  const plans = parsePlanFile(await readIfThere(paths.plan));
  const versions = Object.entries(header.steps).map(([id, version]) => ({ id, version }));
  if (plans === undefined || hashPlans(header.only, versions, plans) !== header.planHash) {
    throw headerMismatch('planHash', 'the plan beside the journal was changed or damaged');
  }
  return { header, plans, history, nextSeq: tail.nextSeq, bytes: tail.bytes };
}

/** The error for a run id that no journal has. */
export function runNotFound(runId: string): AppError {
  return new AppError('NOT_FOUND', `There is no run ${runId} in this workspace.`, {
    hint: 'List the runs to see which there are.',
  });
}

function parsePlanFile(text: string | undefined): Record<string, unknown> | undefined {
  try {
    return planFileSchema.safeParse(JSON.parse(text ?? '')).data?.plans;
  } catch {
    return undefined;
  }
}

function headerMismatch(field: string, reason: string): AppError {
  return new AppError(
    'RUN_HEADER_MISMATCH',
    `The run can't be resumed: ${field} differs, because ${reason}.`,
    {
      hint: 'Connect to what the run began with, or start a new run.',
      details: { field },
    },
  );
}

/** Throws `RUN_HEADER_MISMATCH`, naming the first field in which a run's header differs from what is there now. */
export function matchHeader(
  header: RunHeader,
  now: { steps: readonly { id: string; version: number }[]; fingerprints: Readonly<Record<string, string>> },
): void {
  if (header.engine !== engineVersion) {
    throw headerMismatch(
      'engine',
      `the run was made by engine ${header.engine} and this is ${engineVersion}`,
    );
  }
  const versions = versionsOf(now.steps);
  for (const id of new Set([...Object.keys(header.steps), ...Object.keys(versions)])) {
    if (header.steps[id] === versions[id]) continue;
    throw headerMismatch(
      `steps.${id}`,
      `the run has version ${header.steps[id] ?? 'none'} of it and this is ${versions[id] ?? 'none'}`,
    );
  }
  for (const name of new Set([...Object.keys(header.fingerprints), ...Object.keys(now.fingerprints)])) {
    if (header.fingerprints[name] === now.fingerprints[name]) continue;
    throw headerMismatch(
      `fingerprints.${name}`,
      'the connection leads to another place than when the run began',
    );
  }
}

/**
 * Opens the journal of a stored run for going on: cuts off a torn last line and notes that the run was interrupted, if it
 * was, and that it is taken up again. The caller holds the lock, has loaded the run since, and has matched its header.
 */
export async function reopenRun<Ports>(
  options: OpenOptions & { stored: StoredRun; steps: readonly AnyStep<Ports>[]; by: string },
): Promise<OpenRun> {
  const { runsDir, runId, stored, steps, by } = options;
  const { history, header, plans } = stored;
  const paths = runPaths(runsDir, runId);
  try {
    await makePrivateDir(paths.requests);
    // What was asked of the earlier attempt does not hold for this one.
    await withdrawRequest(runsDir, runId, 'cancel');
    await withdrawRequest(runsDir, runId, 'pause');
    await writeDurably(paths.reserve, '\n'.repeat(reserveBytes));
  } catch (error) {
    throw toWriteError(error, 'The folder of the run');
  }
  const journal = await openWriter(options, stored);
  const unplanned = orderSteps(steps).filter((step) => !stepHistory(history, step.id).planned);
  const events: NewJournalEvent[] = [
    ...(isSettled(history.state)
      ? []
      : [{ type: 'run.state' as const, data: { state: 'interrupted' as const } }]),
    { type: 'run.resumed', data: { by } },
    ...unplanned.map((step) => ({
      type: 'step.planned' as const,
      step: step.id,
      data: step.describe(plans[step.id]),
    })),
  ];
  await journal.append(...events);
  for (const event of events) recordEvent(history, event);
  return { id: runId, runsDir, header, plans, history, resumed: true, journal };
}

function versionsOf(steps: readonly { id: string; version: number }[]): Record<string, number> {
  return Object.fromEntries(steps.map((step) => [step.id, step.version]));
}

function openWriter(options: OpenOptions, at: { nextSeq: number; bytes: number }): Promise<JournalWriter> {
  const { runsDir, runId, lock, openFile = openAppendFile, now = () => new Date() } = options;
  const paths = runPaths(runsDir, runId);
  return JournalWriter.open({
    path: paths.journal,
    reserve: paths.reserve,
    open: openFile,
    nextSeq: at.nextSeq,
    bytes: at.bytes,
    redact: (text) => options.redact(text),
    guard: () => lock.guard(),
    now,
  });
}
