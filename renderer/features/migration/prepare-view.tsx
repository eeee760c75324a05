import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { InspectProgress } from '#shared/contract/inspect-objects';
import { formatBytes } from '#shared/model/format-bytes';
import type { PlanView } from '#shared/model/run';
import { connectionsQuery, workspaceQuery } from '../../api/queries';
import { Card } from '../../ui/card';
import { ConfirmDialog } from '../../ui/confirm-dialog';
import { ErrorPanel } from '../../ui/error-panel';
import { plural } from '../../ui/format';
import { Loading } from '../../ui/loading';
import { PageBody, PageHeader } from '../../ui/page-header';
import { Tag } from '../../ui/tag';
import { ChoicesCard } from './choices-card';
import { InspectView } from './inspect-view';
import styles from './migration.module.css';
import { PlanSteps } from './plan-steps';
import { usePreparation, useStartRun } from './queries';
import { planSummary, stages } from './stepper.logic';
import { Stepper } from './stepper';
import { useMigrationView } from './view-store';

function endangers(plan: PlanView): boolean {
  return plan.steps.some((step) => step.effect === 'overwrite' || step.effect === 'irreversible');
}

/** What a press of the button will do, next to the button. */
function StartBar({
  plan,
  blockers,
  start,
  starting,
}: {
  plan: PlanView;
  blockers: number;
  start: () => void;
  starting: boolean;
}) {
  const workspace = useQuery(workspaceQuery);
  const [asking, setAsking] = useState(false);
  const danger = endangers(plan);
  const text =
    blockers > 0
      ? 'Some findings must be fixed before the copy can start. Correct them, then plan again.'
      : danger
        ? 'Some steps overwrite or cannot be undone. Read them before you start.'
        : 'Every step creates something new on the target. The source is only read.';
  return (
    <Card title="Start" padded>
      <div className={styles.startBar}>
        <p>{text}</p>
        <Button onClick={() => useMigrationView.getState().leave()}>Back</Button>
        <Button onClick={() => useMigrationView.getState().prepare()}>Plan again</Button>
        <Button
          variant="filled"
          disabled={blockers > 0}
          loading={starting}
          onClick={danger ? () => setAsking(true) : start}
        >
          {danger ? 'Start copying…' : 'Start copying'}
        </Button>
      </div>
      <ConfirmDialog
        title="Start copying?"
        opened={asking}
        onClose={() => setAsking(false)}
        onConfirm={start}
        confirm="Start copying"
        danger
        typed={workspace.data?.name}
      >
        The plan has steps that overwrite data on the target or cannot be undone.
      </ConfirmDialog>
    </Card>
  );
}

/** How much is counted already: nobody knows before how much there is. */
function Inspecting({ counted }: { counted: InspectProgress | undefined }) {
  return (
    <div className={styles.startBar}>
      <Loading>
        {counted === undefined
          ? 'Inspecting the source…'
          : `Inspecting the source… ${plural(counted.objects, 'object')}, ${formatBytes(counted.bytes)}, ${counted.buckets.done} of ${plural(counted.buckets.total, 'bucket')}`}
      </Loading>
      <Button onClick={() => useMigrationView.getState().leave()}>Stop</Button>
    </div>
  );
}

/** Inspect and plan, then the plan to be read, then the press that starts the copy. */
export function PrepareView({
  draft,
}: {
  draft: NonNullable<ReturnType<typeof useMigrationView.getState>['draft']>;
}) {
  const connections = useQuery(connectionsQuery);
  const { inspect, plan, counted } = usePreparation(draft);
  const start = useStartRun();
  const navigate = useNavigate();
  const again = () => useMigrationView.getState().prepare();
  const failed = inspect.isError ? 'inspect' : plan.isError ? 'plan' : undefined;
  const blockers = inspect.data?.findings.filter((finding) => finding.severity === 'blocker').length ?? 0;
  const begin = (hash: string) =>
    start.mutate(
      { only: [...draft.only], planHash: hash },
      {
        onSuccess: ({ runId }) => {
          useMigrationView.getState().leave();
          void navigate({ to: '/migration', search: { run: runId } });
        },
      },
    );
  return (
    <>
      <PageHeader
        title="Migration"
        state={
          plan.data === undefined ? (
            <Tag tone={failed === undefined ? 'run' : 'bad'}>
              {failed !== undefined ? 'Failed' : inspect.isPending ? 'Inspecting' : 'Planning'}
            </Tag>
          ) : (
            <Tag tone="idle">Planned</Tag>
          )
        }
        actions={
          plan.data === undefined && !inspect.isPending ? (
            <Button onClick={() => useMigrationView.getState().leave()}>Back</Button>
          ) : null
        }
      />
      <PageBody>
        <div className={styles.layout}>
          <Stepper
            stages={stages({
              connections: connections.data,
              preparing: { report: inspect.data, plan: plan.data, failed },
            })}
            note="Nothing is written before you start the copy."
          />
          <div className={styles.content}>
            {inspect.isPending ? <Inspecting counted={counted} /> : null}
            {inspect.isError ? (
              <ErrorPanel title="The inspection failed" error={inspect.error} retry={again} />
            ) : null}
            {inspect.isSuccess && plan.isPending ? <Loading>Planning…</Loading> : null}
            {plan.isError ? <ErrorPanel error={plan.error} retry={again} /> : null}
            {start.isError ? (
              <ErrorPanel error={start.error} actions={<Button onClick={again}>Plan again</Button>} />
            ) : null}
            {plan.data === undefined ? null : (
              <>
                <StartBar
                  plan={plan.data}
                  blockers={blockers}
                  start={() => begin(plan.data.hash)}
                  starting={start.isPending}
                />
                <Card title="Plan" right={planSummary(plan.data.steps)}>
                  <PlanSteps steps={plan.data.steps} />
                </Card>
              </>
            )}
            {plan.isPending || !draft.only.includes('database') ? null : <ChoicesCard />}
            {inspect.data === undefined ? null : <InspectView report={inspect.data} />}
          </div>
        </div>
      </PageBody>
    </>
  );
}
