import { Link } from '@tanstack/react-router';
import type { RunSummary } from '#shared/model/run';
import { Card } from '../../ui/card';
import { formatDateTime, plural } from '../../ui/format';
import { runStates } from '../../ui/run-states';
import { Tag } from '../../ui/tag';
import { laneNames } from './lane-names';
import styles from './migration.module.css';

function about(run: RunSummary): string {
  const parts = [run.only.map((lane) => laneNames[lane]).join(', ')];
  if (run.warnings > 0) parts.push(plural(run.warnings, 'warning'));
  if (run.error !== undefined) parts.push(run.error.message);
  return parts.filter((part) => part !== '').join(' · ');
}

/** All runs of the workspace, newest first; the one that is shown is marked. */
export function EarlierRuns({ runs, shown }: { runs: readonly RunSummary[]; shown: string | undefined }) {
  if (runs.length === 0) return null;
  return (
    <Card title="Runs">
      <ul className={styles.runs}>
        {runs.map((run) => (
          <li key={run.id}>
            <Link
              to="/migration"
              search={{ run: run.id }}
              {...(run.id === shown ? { 'aria-current': 'true' as const } : {})}
            >
              <span>{formatDateTime(run.startedAt)}</span>
              <Tag tone={runStates[run.state].tone}>{runStates[run.state].label}</Tag>
              <span className="t2 break">{about(run)}</span>
            </Link>
          </li>
        ))}
      </ul>
    </Card>
  );
}
