import { Button } from '@mantine/core';
import type { RunView, Warning } from '#shared/model/run';
import { offersResume } from '#shared/model/run-view';
import { Card } from '../../ui/card';
import { ErrorPanel } from '../../ui/error-panel';
import { formatDuration, plural } from '../../ui/format';
import { Notice } from '../../ui/notice';
import { WarningList } from '../../ui/warning-list';
import { useControlError, useRunControls } from './queries';
import { useMigrationView } from './view-store';

function failureOf(view: RunView) {
  const step =
    view.steps.find((item) => item.id === view.error?.step) ??
    view.steps.find((item) => item.state === 'failed');
  return {
    error: view.error ?? step?.error,
    title:
      step === undefined
        ? undefined
        : `${step.title} ${view.refused === true ? 'was refused, nothing was written' : 'failed'}`,
  };
}

function Stopped({ runId, view }: { runId: string; view: RunView }) {
  const { resume } = useRunControls(runId);
  const prepare = useMigrationView((state) => state.prepare);
  const button = offersResume(view) ? (
    <Button variant="filled" loading={resume.isPending} onClick={() => resume.mutate()}>
      Resume
    </Button>
  ) : (
    <Button onClick={prepare}>Plan again</Button>
  );
  const { error, title } = failureOf(view);
  switch (view.state) {
    case 'failed':
      return error === undefined ? (
        <Notice title="The run failed" actions={button}>
          Finished work is kept. Resume goes on from there.
        </Notice>
      ) : (
        <ErrorPanel error={error} {...(title === undefined ? {} : { title })} actions={button} />
      );
    case 'cancelled':
      return (
        <Notice title="The run was cancelled" actions={button}>
          Finished work is kept on the target. Resume goes on from there.
        </Notice>
      );
    case 'interrupted':
      return (
        <Notice title="The run was interrupted" actions={button}>
          The process that did the work ended without a word. The journal has everything up to then: Resume
          goes on from there.
        </Notice>
      );
    case 'paused':
      return (
        <Notice title="The run is paused">
          Nothing is being copied. Continue goes on at once; the target keeps what is finished.
        </Notice>
      );
    case 'cancelling':
      return <Notice title="Cancelling">Work stops at the next safe point, within a few seconds.</Notice>;
    case 'planned':
    case 'running':
    case 'verifying':
    case 'succeeded':
    case 'succeeded-with-warnings':
      return null;
  }
}

/** How long a run took, in words; empty while unknown. */
function lasted(view: RunView): string {
  const seconds = (Date.parse(view.at) - Date.parse(view.startedAt)) / 1000;
  return Number.isNaN(seconds) ? '' : ` in ${formatDuration(seconds)}`;
}

function Succeeded({ view }: { view: RunView }) {
  if (view.state !== 'succeeded' && view.state !== 'succeeded-with-warnings') return null;
  const compared = view.steps.reduce((sum, step) => sum + step.evidence.length, 0);
  return (
    <Card
      title={view.state === 'succeeded' ? 'Everything has arrived' : 'Everything has arrived, with warnings'}
      padded
    >
      {`Copied and verified${lasted(view)}. ${plural(compared, 'comparison')} of source and target agree.`}
    </Card>
  );
}

/** A plan's warning that comes up again in the run is one warning. */
function warningsOf(view: RunView): Warning[] {
  const all = view.steps.flatMap((step) => [...step.runWarnings, ...step.warnings]);
  return [...new Map(all.map((warning) => [`${warning.code} ${warning.message}`, warning])).values()];
}

/** What was foreseen by the plan and what came up on the way. */
export function RunWarnings({ view }: { view: RunView }) {
  const warnings = warningsOf(view);
  if (warnings.length === 0) return null;
  return (
    <Card title="Warnings" right={plural(warnings.length, 'warning')} padded>
      <WarningList warnings={warnings} />
    </Card>
  );
}

/** How the run stands, where it needs words: a failure, a stop, a success. */
export function RunOutcome({ runId, view }: { runId: string; view: RunView }) {
  const controlError = useControlError(runId);
  return (
    <>
      {controlError === undefined ? null : <ErrorPanel error={controlError} />}
      <Stopped runId={runId} view={view} />
      <Succeeded view={view} />
    </>
  );
}
