import { Button, Checkbox } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { lanes, type Lane, type RunSummary } from '#shared/model/run';
import { connectionsQuery } from '../../api/queries';
import { isConfigured, openPoints } from '../../api/readiness.logic';
import { Card } from '../../ui/card';
import { ErrorPanel } from '../../ui/error-panel';
import { Loading } from '../../ui/loading';
import { PageBody, PageHeader } from '../../ui/page-header';
import { Tag } from '../../ui/tag';
import { EarlierRuns } from './earlier-runs';
import styles from './migration.module.css';
import { stages } from './stepper.logic';
import { Stepper } from './stepper';
import { useMigrationView } from './view-store';

const choices: Record<Lane, string> = {
  database: 'Database: schema and rows',
  users: 'Users: accounts and password hashes',
  objects: 'Files: every object with its headers',
  links: 'Links: rows that point at the old storage, rewritten after the rest is verified',
};

function Choices() {
  const chosen = useMigrationView((state) => state.chosen);
  const choose = useMigrationView((state) => state.choose);
  return (
    <div className={styles.choices} role="group" aria-label="What to move">
      {lanes.map((lane) => (
        <Checkbox
          key={lane}
          label={choices[lane]}
          checked={chosen.includes(lane)}
          onChange={(event) => choose(lane, event.currentTarget.checked)}
        />
      ))}
    </div>
  );
}

/** Before anything: what to move, what is missing, and the button that begins. */
export function StartView({ runs }: { runs: readonly RunSummary[] }) {
  const connections = useQuery(connectionsQuery);
  const chosen = useMigrationView((state) => state.chosen);
  const prepare = useMigrationView((state) => state.prepare);
  const known = connections.data;
  const points = known === undefined ? [] : openPoints(known, chosen);
  const ready = known !== undefined && chosen.length > 0 && isConfigured(known, chosen);
  const start = (
    <Button variant="filled" disabled={!ready} onClick={prepare}>
      Start migration
    </Button>
  );
  return (
    <>
      <PageHeader title="Migration" state={<Tag tone="idle">Not begun</Tag>} />
      <PageBody>
        <div className={styles.layout}>
          <Stepper
            stages={stages({ connections: known })}
            note="Start inspects both sides and makes a plan. Nothing is written before you have read it."
          />
          <div className={styles.content}>
            {connections.isPending ? <Loading>Reading the connections…</Loading> : null}
            {connections.isError ? (
              <ErrorPanel error={connections.error} retry={() => void connections.refetch()} />
            ) : null}
            <Card title="Move the application" padded>
              <p className="t2">
                The source is only read. The target has to be empty: Cutover does not overwrite.
              </p>
              <Choices />
              {points.length === 0 ? null : (
                <ul className={styles.points} aria-label="Open points">
                  {points.map((point) => (
                    <li key={point.text}>
                      <Tag tone={point.weight === 'must' ? 'bad' : 'warn'}>
                        {point.weight === 'must' ? 'Must fix' : 'Check'}
                      </Tag>
                      <span>{point.text}</span>
                    </li>
                  ))}
                </ul>
              )}
              <div className={styles.startBar}>
                {start}
                {points.length === 0 ? null : <Link to="/connections">Open Connections</Link>}
              </div>
            </Card>
            <EarlierRuns runs={runs} shown={undefined} />
          </div>
        </div>
      </PageBody>
    </>
  );
}
