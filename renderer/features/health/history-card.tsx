import { Button, NativeSelect } from '@mantine/core';
import { useMemo, useState } from 'react';
import type { HealthSeries } from '#shared/contract/health';
import type { CheckView } from '#shared/model/health';
import { Card } from '../../ui/card';
import { type DataColumn, DataTable } from '../../ui/data-table';
import { EmptyState } from '../../ui/empty-state';
import { ErrorPanel } from '../../ui/error-panel';
import { formatDateTime } from '../../ui/format';
import { Loading } from '../../ui/loading';
import { saveText } from '../../ui/save-text';
import {
  formatMs,
  formatUptime,
  movedWindow,
  rangeNames,
  ranges,
  seriesCsv,
  type Range,
  type TimeWindow,
} from './health.logic';
import styles from './health.module.css';
import { LatencyChart } from './latency-chart';
import { useIncidents, useSeries } from './queries';

type Point = HealthSeries['points'][number];

const columns: readonly DataColumn<Point>[] = [
  { id: 'at', header: 'From', value: ({ at }) => at, cell: ({ at }) => formatDateTime(at), track: '1.4fr' },
  ...(['p50', 'p95', 'p99', 'max'] as const).map((name): DataColumn<Point> => ({
    id: name,
    header: name,
    value: (point) => point[name] ?? 0,
    cell: (point) => formatMs(point[name]),
    track: '1fr',
    numeric: true,
  })),
  {
    id: 'up',
    header: 'Uptime',
    value: ({ up }) => up ?? 0,
    cell: ({ up }) => formatUptime(up),
    track: '1fr',
    numeric: true,
  },
];

function TimeButtons({
  range,
  window,
  onRange,
  onWindow,
}: {
  range: Range;
  window: TimeWindow | undefined;
  onRange: (range: Range) => void;
  onWindow: (window: TimeWindow | undefined) => void;
}) {
  const move = (how: 'in' | 'earlier' | 'later') => onWindow(movedWindow(window, range, how, Date.now()));
  return (
    <>
      <div role="group" aria-label="Time" className={styles.bar}>
        {ranges.map((item) => (
          <Button
            key={item}
            aria-pressed={item === range && window === undefined}
            variant={item === range && window === undefined ? 'filled' : 'default'}
            onClick={() => onRange(item)}
          >
            {item}
          </Button>
        ))}
      </div>
      <div role="group" aria-label="Zoom" className={styles.bar}>
        <Button onClick={() => move('earlier')}>Earlier</Button>
        <Button onClick={() => move('in')}>Zoom in</Button>
        <Button disabled={window === undefined} onClick={() => move('later')}>
          Later
        </Button>
        <Button disabled={window === undefined} onClick={() => onWindow(undefined)}>
          Whole range
        </Button>
      </div>
    </>
  );
}

/** Latency and uptime of a service's checks over time, as a chart or as a table. */
export function HistoryCard({ title, checks }: { title: string; checks: readonly CheckView[] }) {
  const [range, setRange] = useState<Range>('1h');
  const [window, setWindow] = useState<TimeWindow>();
  const [asTable, setAsTable] = useState(false);
  const [chosen, setChosen] = useState(checks[0]?.id ?? '');
  const series = useSeries(chosen, range, window);
  const incidents = useIncidents();
  const own = useMemo(
    () => (incidents.data ?? []).filter((incident) => incident.check === chosen),
    [incidents.data, chosen],
  );
  const total = series.data?.total;
  const goalMs = checks.find((check) => check.id === chosen)?.goalMs;
  const goal = goalMs === undefined ? '' : ` (goal ${formatMs(goalMs)})`;
  const time =
    window === undefined
      ? rangeNames[range]
      : `${formatDateTime(new Date(window.from).toISOString())} to ${formatDateTime(new Date(window.to).toISOString())}`;
  return (
    <Card
      title={`${title} · latency, ${time}`}
      right={
        total === undefined
          ? undefined
          : `p50 ${formatMs(total.p50)} · p95 ${formatMs(total.p95)}${goal} · p99 ${formatMs(total.p99)} · uptime ${formatUptime(total.up)}`
      }
    >
      <div className={styles.bar}>
        {checks.length < 2 ? null : (
          <NativeSelect
            aria-label="Check"
            data={checks.map((check) => ({ value: check.id, label: check.title }))}
            value={chosen}
            onChange={({ currentTarget: { value } }) => setChosen(value)}
          />
        )}
        <TimeButtons
          range={range}
          window={window}
          onRange={(next) => {
            setRange(next);
            setWindow(undefined);
          }}
          onWindow={setWindow}
        />
        <span className={styles.space} />
        <Button onClick={() => setAsTable(!asTable)}>{asTable ? 'Show chart' : 'Show table'}</Button>
        <Button
          disabled={series.data === undefined}
          onClick={() => {
            if (series.data !== undefined)
              saveText(`${chosen}-${range}.csv`, 'text/csv', seriesCsv(series.data));
          }}
        >
          Save as CSV
        </Button>
      </div>
      {series.isPending ? (
        <Loading>Reading the history</Loading>
      ) : series.isError ? (
        <ErrorPanel error={series.error} retry={() => void series.refetch()} />
      ) : series.data.points.length === 0 ? (
        <EmptyState title="No history of this time">It is kept while monitoring is on.</EmptyState>
      ) : asTable ? (
        <DataTable
          label={`${title}, ${time}`}
          columns={columns}
          rows={series.data.points}
          rowId={({ at }) => at}
          initialSort={{ id: 'at', desc: true }}
        />
      ) : (
        <LatencyChart
          series={series.data}
          goalMs={goalMs}
          incidents={own}
          onZoom={setWindow}
          label={`Latency of ${title}, ${time}: median ${formatMs(total?.p50)}, 95th percentile ${formatMs(total?.p95)}${goal}. The same as a table is behind Show table.`}
        />
      )}
    </Card>
  );
}
