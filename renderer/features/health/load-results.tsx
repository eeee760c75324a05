import { Button } from '@mantine/core';
import { useMemo } from 'react';
import { beforeAndAfter, compareLoad, type LoadResult } from '#shared/model/load-check';
import { Card } from '../../ui/card';
import { type DataColumn, DataTable } from '../../ui/data-table';
import { EmptyState } from '../../ui/empty-state';
import { formatCount, formatDateTime } from '../../ui/format';
import { saveText } from '../../ui/save-text';
import { Tag } from '../../ui/tag';
import { formatMs } from './health.logic';
import styles from './health.module.css';
import { differenceLine, momentNames, resultCsv } from './load.logic';

type Line = ReturnType<typeof differenceLine>;
type Route = LoadResult['routes'][number];

const differenceColumns: readonly DataColumn<Line>[] = [
  { id: 'route', header: 'Route', value: ({ route }) => route, track: 'minmax(140px, 1.6fr)', mono: true },
  { id: 'figure', header: 'Figure', value: ({ figure }) => figure, track: '1fr' },
  { id: 'before', header: 'Before', value: ({ before }) => before, track: '1fr', numeric: true },
  { id: 'after', header: 'After', value: ({ after }) => after, track: '1fr', numeric: true },
  { id: 'change', header: 'Change', value: ({ change }) => change, track: '1fr', numeric: true },
];

const routeColumns: readonly DataColumn<Route>[] = [
  { id: 'path', header: 'Route', value: ({ path }) => path, track: 'minmax(140px, 1.6fr)', mono: true },
  ...(['requests', 'perSecond'] as const).map((name): DataColumn<Route> => ({
    id: name,
    header: name === 'requests' ? 'Requests' : 'Per second',
    value: (route) => route[name],
    cell: (route) => formatCount(route[name]),
    track: '1fr',
    numeric: true,
  })),
  ...(['p50', 'p95', 'p99'] as const).map((name): DataColumn<Route> => ({
    id: name,
    header: name,
    value: (route) => route[name] ?? 0,
    cell: (route) => formatMs(route[name]),
    track: '1fr',
    numeric: true,
  })),
  {
    id: 'errors',
    header: 'Errors',
    value: ({ errors }) => errors,
    cell: ({ errors }) => formatCount(errors),
    track: '1fr',
    numeric: true,
  },
];

const outcomes: Record<LoadResult['outcome'], string> = {
  completed: '',
  stopped: ', stopped by itself',
  cancelled: ', cancelled',
};

function Result({ result }: { result: LoadResult }) {
  const { check, passed, reasons, total, outcome } = result;
  return (
    <Card
      title={`${formatDateTime(result.startedAt)} · ${new URL(check.origin).host}`}
      right={
        <span className={styles.bar}>
          <span>{check.moment === 'other' ? '' : momentNames[check.moment]}</span>
          <Tag tone={passed ? 'ok' : 'bad'}>{passed ? 'Passed' : 'Not passed'}</Tag>
          <Button
            onClick={() =>
              saveText(
                `load-${result.startedAt.slice(0, 10)}-${result.id}.csv`,
                'text/csv',
                resultCsv(result),
              )
            }
          >
            Save as CSV
          </Button>
        </span>
      }
    >
      <div className={styles.around}>
        <p className="break">
          {`${check.users} users for ${Math.round(result.measuredMs / 1000)} s${outcomes[outcome]}: ${formatCount(total.perSecond)} requests a second, p50 ${formatMs(total.p50)}, p95 ${formatMs(total.p95)} (goal ${check.goal.p95Ms} ms), p99 ${formatMs(total.p99)}, ${formatCount(total.errors)} errors.`}
        </p>
        {reasons.length === 0 ? null : (
          <ul aria-label="Why it did not pass">
            {reasons.map((reason) => (
              <li key={reason} className="t2 break">
                {reason}
              </li>
            ))}
          </ul>
        )}
      </div>
      <DataTable
        label={`Routes of ${formatDateTime(result.startedAt)}`}
        columns={routeColumns}
        rows={result.routes}
        rowId={({ path }) => path}
      />
    </Card>
  );
}

/** The newest load checks of both sides of a cutover, side by side. */
function SideBySide({ results }: { results: readonly LoadResult[] }) {
  const pair = useMemo(() => beforeAndAfter(results), [results]);
  const rows = useMemo(
    () => (pair === undefined ? [] : compareLoad(pair.before, pair.after).map(differenceLine)),
    [pair],
  );
  if (pair === undefined) return null;
  return (
    <Card
      title="Before and after the cutover"
      right={`${formatDateTime(pair.before.startedAt)} · ${formatDateTime(pair.after.startedAt)}`}
    >
      <DataTable
        label="Before and after the cutover"
        columns={differenceColumns}
        rows={rows}
        rowId={({ id }) => id}
        maxHeight={620}
      />
    </Card>
  );
}

/** Load checks that ended, the newest first. */
export function LoadResults({ results }: { results: readonly LoadResult[] }) {
  if (results.length === 0) {
    return (
      <Card title="Results">
        <EmptyState title="No load check yet">
          Measure before the cutover and after it with the same routes: both then stand side by side.
        </EmptyState>
      </Card>
    );
  }
  return (
    <>
      <SideBySide results={results} />
      {results.slice(0, 10).map((result) => (
        <Result key={result.id} result={result} />
      ))}
    </>
  );
}
