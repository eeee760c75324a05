import { useQuery } from '@tanstack/react-query';
import type { RunSummary, RunView as Run } from '#shared/model/run';
import { isSettled } from '#shared/model/run-view';
import { connectionsQuery } from '../../api/queries';
import { useRun } from '../../api/run-feed';
import type { Windows } from '../../api/run-progress.logic';
import { Card } from '../../ui/card';
import { ErrorPanel } from '../../ui/error-panel';
import { formatDateTime } from '../../ui/format';
import { LogCard } from '../../ui/log-card';
import { Loading } from '../../ui/loading';
import { PageBody, PageHeader } from '../../ui/page-header';
import { runStates } from '../../ui/run-states';
import { Tag } from '../../ui/tag';
import { EarlierRuns } from './earlier-runs';
import { EvidenceTable } from './evidence-table';
import { FailedObjects } from './failed-objects';
import { ImportedUsers } from './imported-users';
import { LaneCards } from './lane-cards';
import { MismatchView } from './mismatch-view';
import styles from './migration.module.css';
import { PlanSteps } from './plan-steps';
import { RunActions } from './run-actions';
import { RunOutcome, RunWarnings } from './run-outcome';
import { stages } from './stepper.logic';
import { Stepper } from './stepper';
import { UnitLists } from './unit-lists';

function RunContent({
  runId,
  view,
  windows,
  runs,
}: {
  runId: string;
  view: Run;
  windows: Windows;
  runs: readonly RunSummary[];
}) {
  const connections = useQuery(connectionsQuery);
  return (
    <div className={styles.layout}>
      <Stepper
        stages={stages({ connections: connections.data, run: { view, windows } })}
        note={
          isSettled(view.state)
            ? undefined
            : 'You can close this window: the run is journalled, and resumes where it stopped.'
        }
      />
      <div className={styles.content}>
        <RunOutcome runId={runId} view={view} />
        {isSettled(view.state) ? <FailedObjects view={view} /> : null}
        {view.steps.length === 0 && !isSettled(view.state) ? (
          <Loading>Planning again, to compare with what was read…</Loading>
        ) : null}
        <LaneCards view={view} windows={windows} />
        {isSettled(view.state) ? (
          <>
            <RunWarnings view={view} />
            <MismatchView view={view} />
            <EvidenceTable steps={view.steps} />
            <ImportedUsers view={view} />
          </>
        ) : null}
        <UnitLists view={view} />
        <LogCard lines={view.log} />
        {isSettled(view.state) ? null : (
          <>
            <EvidenceTable steps={view.steps} />
            <RunWarnings view={view} />
          </>
        )}
        {view.steps.length === 0 ? null : (
          <Card title="Plan">
            <PlanSteps steps={view.steps} />
          </Card>
        )}
        <EarlierRuns runs={runs} shown={runId} />
      </div>
    </div>
  );
}

/** A run: while it goes on, when it has stopped, and long after. */
export function RunView({ runId, runs }: { runId: string; runs: readonly RunSummary[] }) {
  const { view, windows, error } = useRun(runId);
  return (
    <>
      <PageHeader
        title="Migration"
        crumb={
          view === undefined || view.startedAt === '' ? undefined : `run ${formatDateTime(view.startedAt)}`
        }
        state={
          view === undefined ? null : (
            <Tag tone={runStates[view.state].tone}>{runStates[view.state].label}</Tag>
          )
        }
        actions={view === undefined ? null : <RunActions runId={runId} view={view} />}
      />
      <PageBody>
        {error === undefined || error.code === 'CONNECTION_LOST' ? null : <ErrorPanel error={error} />}
        {view === undefined ? (
          error === undefined ? (
            <Loading>Reading the run…</Loading>
          ) : null
        ) : (
          <RunContent runId={runId} view={view} windows={windows} runs={runs} />
        )}
      </PageBody>
    </>
  );
}
