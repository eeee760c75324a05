import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import type { ConnectionView } from '#shared/contract/connections';
import { usualLanes, type RunSummary } from '#shared/model/run';
import { isSettled, offersResume, outcomeClass } from '#shared/model/run-view';
import { useActiveRun } from '../../api/active-run';
import { connectionsQuery, runsQuery } from '../../api/queries';
import { isConfigured, openPoints } from '../../api/readiness.logic';
import { Card } from '../../ui/card';
import { EmptyState } from '../../ui/empty-state';
import { ErrorPanel } from '../../ui/error-panel';
import { formatDateTime } from '../../ui/format';
import { Loading } from '../../ui/loading';
import { PageBody, PageHeader } from '../../ui/page-header';
import { runStates } from '../../ui/run-states';
import { Tag } from '../../ui/tag';
import { LanesCard } from './lanes-card';
import { ways } from './overview.logic';
import styles from './overview.module.css';

/** What to do next, as one button. */
function NextAction({
  connections,
  run,
  prepareMigration,
}: {
  connections: readonly ConnectionView[];
  run: RunSummary | undefined;
  prepareMigration: () => void;
}) {
  const navigate = useNavigate();
  const label = !isConfigured(connections, usualLanes)
    ? 'Set up connections'
    : run === undefined
      ? 'Start migration'
      : !isSettled(run.state)
        ? 'Watch migration'
        : offersResume(run)
          ? 'Continue migration'
          : 'See the result';
  const to = label === 'Set up connections' ? '/connections' : '/migration';
  return (
    <Button
      variant="filled"
      onClick={() => {
        if (label === 'Start migration') prepareMigration();
        void navigate({ to });
      }}
    >
      {label}
    </Button>
  );
}

function BeforeYouStart({ connections }: { connections: readonly ConnectionView[] }) {
  const points = openPoints(connections, usualLanes);
  return (
    <Card title="Before you start" right={points.length === 0 ? 'nothing open' : `${points.length} open`}>
      {points.length === 0 ? (
        <ul className={styles.points}>
          <li>
            <Tag tone="ok">Done</Tag>
            <span>Every service that a migration needs is reachable.</span>
          </li>
        </ul>
      ) : (
        <ul className={styles.points}>
          {points.map((point) => (
            <li key={point.text}>
              <Tag tone={point.weight === 'must' ? 'bad' : 'warn'}>
                {point.weight === 'must' ? 'Must fix' : 'Check'}
              </Tag>
              <span className="break">{point.text}</span>
            </li>
          ))}
          <li>
            <Link to="/connections">Open Connections</Link>
          </li>
        </ul>
      )}
    </Card>
  );
}

const afterwards = [
  { to: '/migration/links', label: 'Look for links', text: 'Rows may still point at the old storage.' },
  { to: '/migration/access', label: 'Set public access', text: 'Buckets that were public, and CORS rules.' },
  { to: '/deploy', label: 'Release the application', text: 'Its services, on the Docker host.' },
  { to: '/health', label: 'Watch the services', text: 'Live health of both sides, with alerts.' },
] as const;

function WhatComesNext() {
  return (
    <Card title="What comes next">
      <ul className={`${styles.points} ${styles.next}`}>
        {afterwards.map(({ to, label, text }) => (
          <li key={to}>
            <Link to={to}>{label}</Link>
            <span className="t2">{text}</span>
          </li>
        ))}
      </ul>
    </Card>
  );
}

function LastRuns({ runs }: { runs: readonly RunSummary[] }) {
  return (
    <Card title="Last runs" right={runs.length > 5 ? `5 of ${runs.length}` : undefined}>
      {runs.length === 0 ? (
        <EmptyState title="No run yet">A run appears here once a migration was started.</EmptyState>
      ) : (
        <ul className={styles.runs}>
          {runs.slice(0, 5).map((run) => (
            <li key={run.id}>
              <Link to="/migration" search={{ run: run.id }}>
                {formatDateTime(run.startedAt)}
              </Link>
              <Tag tone={runStates[run.state].tone}>{runStates[run.state].label}</Tag>
              <span className="muted num">{run.only.join(', ')}</span>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

/** Where everything stands, and what to do next. `prepareMigration` begins to inspect and plan. */
export function OverviewPage({ prepareMigration }: { prepareMigration: () => void }) {
  const connections = useQuery(connectionsQuery);
  const runs = useQuery(runsQuery);
  const { view } = useActiveRun();
  const known = connections.data;
  const failure = connections.error ?? runs.error;
  return (
    <>
      <PageHeader
        title="Overview"
        state={
          view === undefined ? null : (
            <Tag tone={runStates[view.state].tone}>{runStates[view.state].label}</Tag>
          )
        }
        actions={
          known === undefined || runs.data === undefined ? null : (
            <NextAction
              connections={known}
              run={runs.data.find((run) => !isSettled(run.state)) ?? runs.data[0]}
              prepareMigration={prepareMigration}
            />
          )
        }
      />
      <PageBody>
        {failure === null ? null : (
          <ErrorPanel
            error={failure}
            retry={() => void Promise.all([connections.refetch(), runs.refetch()])}
          />
        )}
        {known === undefined ? (
          failure === null ? (
            <Loading>Reading the workspace…</Loading>
          ) : null
        ) : (
          <>
            <LanesCard
              ways={ways(known, view)}
              changed={view === undefined ? undefined : `last change ${formatDateTime(view.at)}`}
            />
            <div className={styles.columns}>
              {view !== undefined && outcomeClass(view) === 'done' ? (
                <WhatComesNext />
              ) : (
                <BeforeYouStart connections={known} />
              )}
              <LastRuns runs={runs.data ?? []} />
            </div>
          </>
        )}
      </PageBody>
    </>
  );
}
