import { formatBytes } from '#shared/model/format-bytes';
import type { RunView, StepView } from '#shared/model/run';
import { lanes, type Progress } from '#shared/model/run';
import type { Output } from './output';
import type { SessionOptions } from './session';
import { count } from '#shared/model/counted';

/** The command line that takes a run up again with the same workspace and env file. */
export function resumeCommand(runId: string, { workspace, envFile }: SessionOptions): string {
  return [
    'cutover run --resume',
    runId,
    ...(workspace === undefined ? [] : ['--workspace', quoted(workspace)]),
    ...(envFile === undefined ? [] : ['--env-file', quoted(envFile)]),
  ].join(' ');
}

function quoted(text: string): string {
  return /^[\w./:@=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** `120,000 of 200,000 rows`. */
export function progressText({ done, total, unit }: Progress): string {
  return unit === 'bytes'
    ? `${formatBytes(done)} of ${formatBytes(total)}`
    : `${count(done)} of ${count(total)} ${unit}`;
}

/** What goes on, in one line: the running steps with their progress. */
export function statusLine(view: RunView): string {
  const running = view.steps.filter((step) => step.state === 'running' || step.state === 'verifying');
  const parts = running.map((step) => {
    const what = step.state === 'verifying' ? `verifying ${step.title}` : step.title;
    return step.progress === undefined ? what : `${what} ${progressText(step.progress)}`;
  });
  return parts.length === 0 ? view.state : parts.join(' · ');
}

/** Lines about steps whose state changed between two views. */
export function changedSteps(before: RunView, after: RunView): StepView[] {
  return after.steps.filter((step) => before.steps.find(({ id }) => id === step.id)?.state !== step.state);
}

/** One line about a step that has just got into its state. */
export function printStep(output: Output, step: StepView): void {
  const seconds =
    step.startedAt === undefined || step.endedAt === undefined
      ? ''
      : `  ${((Date.parse(step.endedAt) - Date.parse(step.startedAt)) / 1000).toFixed(1)} s`;
  switch (step.state) {
    case 'done':
      output.line(`${output.paint('good', 'done')}      ${step.title}${progressOf(step)}${seconds}`);
      return;
    case 'satisfied':
      output.line(`${output.paint('good', 'satisfied')} ${step.title}: the target already is as planned`);
      return;
    case 'failed':
      output.line(`${output.paint('bad', 'failed')}    ${step.title}`);
      return;
    case 'verified':
      output.line(
        `${output.paint('good', 'verified')}  ${step.title}  ${count(step.evidence.length)} comparisons`,
      );
      return;
    case 'differs':
      output.line(`${output.paint('bad', 'differs')}   ${step.title}`);
      printDifferences(output, step);
      return;
    case 'running':
      output.line(output.paint('dim', `begun     ${step.title}`));
      return;
    case 'waiting':
    case 'verifying':
      return;
  }
}

function progressOf(step: StepView): string {
  return step.progress === undefined ? '' : `  ${progressText(step.progress)}`;
}

/** The comparisons of a step that are not equal. */
export function printDifferences(output: Output, step: StepView): void {
  for (const item of step.evidence.filter(({ equal }) => !equal)) {
    output.line(`    ${item.subject} (${item.method}): source ${item.source}, target ${item.target}`);
    if (item.note !== undefined) output.line(`      ${item.note}`);
  }
}

/** What a script reads of a run's end. */
export function runSummary(view: RunView) {
  const evidence = view.steps.flatMap((step) => step.evidence);
  return {
    runId: view.id,
    state: view.state,
    only: view.only.length === 0 ? [...lanes] : view.only,
    startedAt: view.startedAt,
    endedAt: view.at,
    evidence: {
      equal: evidence.filter(({ equal }) => equal).length,
      differ: evidence.filter(({ equal }) => !equal).length,
    },
    warnings: view.steps.flatMap((step) => step.runWarnings),
    ...(view.error === undefined ? {} : { error: view.error }),
  };
}
