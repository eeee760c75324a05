import { AppError, toAppError } from '#shared/model/errors';
import { type Lane, type RunView, usualLanes } from '#shared/model/run';
import { emptyRunView, isSettled, outcomeClass, reduceRun } from '#shared/model/run-view';
import type { CommandContext } from '../context';
import { type ExitCode, exitCodeOfOutcome, exitCodes } from '../exit-codes';
import { confirm } from '../prompt';
import { changedSteps, printStep, resumeCommand, runSummary, statusLine } from '../run-text';
import { type Session, type SessionOptions, withSession } from '../session';
import { count } from '#shared/model/counted';
import { applyDatabaseChoices, type DatabaseChoiceOptions } from '../database-choices';
import { applyUsersMapping } from '../users-mapping-file';
import { printPlan } from './plan';

export interface RunOptions extends SessionOptions, DatabaseChoiceOptions {
  only?: Lane[];
  usersMapping?: string;
  resume?: string;
  /** Hash of the plan that was read; another plan is refused. */
  plan?: string;
  yes?: boolean;
}

/** Plans, asks, runs and verifies; or takes a run up again. */
export function run(context: CommandContext, options: RunOptions): Promise<ExitCode> {
  if (options.yes !== true && (context.terminal === undefined || context.output.json)) throw needsYes();
  if (options.resume !== undefined && options.only !== undefined) {
    throw new AppError('INVALID_INPUT', '--only can not be given with --resume.', {
      hint: 'A resumed run goes on with what it was started with.',
    });
  }
  if (options.resume !== undefined && options.usersMapping !== undefined) {
    throw new AppError('INVALID_INPUT', '--users-mapping can not be given with --resume.', {
      hint: 'A resumed run goes on with what it was started with.',
    });
  }
  if (
    options.resume !== undefined &&
    (options.leaveOut ?? options.withoutRows ?? options.withoutEntry) !== undefined
  ) {
    throw new AppError(
      'INVALID_INPUT',
      '--leave-out, --without-rows and --without-entry can not be given with --resume.',
      {
        hint: 'A resumed run goes on with what it was started with.',
      },
    );
  }
  return withSession(context, options, { secrets: 'ask', runId: options.resume }, async (session) => {
    await applyUsersMapping(context, session, options.usersMapping);
    await applyDatabaseChoices(context, session, options);
    const begun =
      options.resume === undefined
        ? await start(context, session, options)
        : await resume(context, session, options, options.resume);
    if (begun === undefined) {
      context.output.line('Nothing was started.');
      return exitCodes.cancelled;
    }
    return follow(context, session, options, begun);
  });
}

function needsYes(): AppError {
  return new AppError('INVALID_INPUT', 'A run writes to the target, and there is no terminal to ask on.', {
    hint: 'Read the plan with cutover plan, then add --yes.',
  });
}

/** Resolves with the run, or undefined when the answer was no. */
async function start(
  { output, terminal, signal }: CommandContext,
  { handlers }: Session,
  options: RunOptions,
): Promise<{ runId: string } | undefined> {
  const only = options.only ?? [...usualLanes];
  let planHash = options.plan;
  output.progress('Planning');
  if (options.yes !== true) {
    const plan = await handlers['migration.plan']({ only }, { signal });
    printPlan(output, plan);
    if (planHash !== undefined && plan.hash !== planHash) {
      throw new AppError('PLAN_CHANGED', 'The source or the target changed since the plan was made.', {
        hint: 'Read the new plan with cutover plan, then start again.',
        details: { expected: planHash, found: plan.hash },
      });
    }
    planHash = plan.hash;
  }
  if (options.yes !== true && terminal !== undefined) {
    output.line();
    if (!(await confirm(terminal, 'Start this migration?', signal))) return undefined;
  }
  if (signal.aborted) throw new AppError('CANCELLED', 'Nothing was started.');
  const started = await handlers['runs.start']({ only, planHash: planHash ?? null }, { signal });
  if (planHash === undefined) printPlan(output, await handlers['runs.get'](started, { signal }));
  return started;
}

async function resume(
  { terminal, signal, output }: CommandContext,
  { handlers }: Session,
  options: RunOptions,
  runId: string,
): Promise<{ runId: string } | undefined> {
  if (options.yes !== true && terminal !== undefined) {
    const view = await handlers['runs.get']({ runId }, { signal });
    output.line(`Run ${runId} is ${view.state}.`);
    if (!(await confirm(terminal, 'Take it up again?', signal))) return undefined;
  }
  if (signal.aborted) throw new AppError('CANCELLED', 'Nothing was started.');
  return handlers['runs.resume']({ runId }, { signal });
}

/** Shows the run until it has settled. A cancel asks the run to stop and goes on showing it until it has. */
async function follow(
  context: CommandContext,
  { core, handlers }: Session,
  options: RunOptions,
  { runId }: { runId: string },
): Promise<ExitCode> {
  const { output, signal } = context;
  const untilSettled = new AbortController().signal;
  const cancel = () => {
    output.note('Cancelling at the next safe point. Press Ctrl-C again to stop at once.');
    handlers['runs.cancel']({ runId }, { signal: untilSettled }).catch((error: unknown) => {
      const { code, message } = toAppError(error);
      if (code !== 'RUN_NOT_RUNNING') output.note(message);
    });
  };
  if (signal.aborted) cancel();
  else signal.addEventListener('abort', cancel, { once: true });

  let view = emptyRunView(runId);
  for await (const { event } of handlers['runs.watch']({ runId }, { after: -1, signal: untilSettled })) {
    await output.event(event);
    const next = reduceRun(view, event);
    if (event.type !== 'progress') for (const step of changedSteps(view, next)) printStep(output, step);
    view = next;
    if (!isSettled(view.state)) output.progress(statusLine(view));
  }
  signal.removeEventListener('abort', cancel);
  view = await core.runs().settled(runId);
  await output.event({ type: 'result', ...runSummary(view) });
  await printEnd(context, options, view);
  const outcome = outcomeClass(view);
  return outcome === undefined ? exitCodes.failed : exitCodeOfOutcome(outcome);
}

async function printEnd({ output }: CommandContext, options: RunOptions, view: RunView): Promise<void> {
  if (output.json) return;
  const { evidence, warnings } = runSummary(view);
  for (const { message } of warnings) output.line(`${output.paint('warn', '!')} ${message}`);
  switch (outcomeClass(view)) {
    case 'done':
      output.line(
        `${output.paint('good', 'Done.')} ${count(evidence.equal)} comparisons, all equal. Run ${view.id}.`,
      );
      return;
    case 'cancelled':
      output.line(`Cancelled. Resume it with: ${resumeCommand(view.id, options)}`);
      return;
    case 'failed':
    case 'refused':
    case 'differs':
    case undefined:
      if (view.error !== undefined) await output.error(view.error);
      if (outcomeClass(view) === 'failed') output.note(`Resume it with: ${resumeCommand(view.id, options)}`);
      return;
  }
}
