import { Button } from '@mantine/core';
import { useMemo, useState } from 'react';
import type { HealthSeries } from '#shared/contract/health';
import type { CheckView, Incident, ServiceView } from '#shared/model/health';
import { Card } from '../../ui/card';
import { type DataColumn, DataTable } from '../../ui/data-table';
import { EmptyState } from '../../ui/empty-state';
import { ErrorPanel } from '../../ui/error-panel';
import { Facts } from '../../ui/facts';
import { formatDateTime } from '../../ui/format';
import { Loading } from '../../ui/loading';
import { saveText } from '../../ui/save-text';
import { Tag } from '../../ui/tag';
import {
  ageOf,
  formatMs,
  formatUptime,
  rangeNames,
  ranges,
  seriesCsv,
  stateNames,
  stateTones,
  type Range,
} from './health.logic';
import styles from './health.module.css';
import { LatencyChart } from './latency-chart';
import { useCheckNow, useConfigure, useHealthSettings, useSeries } from './queries';

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

function History({
  check,
  title,
  incidents,
}: {
  check: string;
  title: string;
  incidents: readonly Incident[];
}) {
  const [range, setRange] = useState<Range>('1h');
  const [asTable, setAsTable] = useState(false);
  const series = useSeries(check, range);
  const own = useMemo(() => incidents.filter((incident) => incident.check === check), [incidents, check]);
  const total = series.data?.total;
  return (
    <Card
      title={`${title} · latency, ${rangeNames[range]}`}
      right={
        total === undefined
          ? undefined
          : `p50 ${formatMs(total.p50)} · p95 ${formatMs(total.p95)} · p99 ${formatMs(total.p99)} · uptime ${formatUptime(total.up)}`
      }
    >
      <div className={styles.bar}>
        <div role="group" aria-label="Time" className={styles.bar}>
          {ranges.map((item) => (
            <Button
              key={item}
              aria-pressed={item === range}
              variant={item === range ? 'filled' : 'default'}
              onClick={() => setRange(item)}
            >
              {item}
            </Button>
          ))}
        </div>
        <span className={styles.space} />
        <Button onClick={() => setAsTable(!asTable)}>{asTable ? 'Show chart' : 'Show table'}</Button>
        <Button
          disabled={series.data === undefined}
          onClick={() => {
            if (series.data !== undefined)
              saveText(`${check}-${range}.csv`, 'text/csv', seriesCsv(series.data));
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
        <EmptyState title="No history yet">It is kept while monitoring is on.</EmptyState>
      ) : asTable ? (
        <DataTable
          label={`${title}, ${rangeNames[range]}`}
          columns={columns}
          rows={series.data.points}
          rowId={({ at }) => at}
          initialSort={{ id: 'at', desc: true }}
        />
      ) : (
        <LatencyChart
          series={series.data}
          incidents={own}
          label={`Latency of ${title} in the ${rangeNames[range]}: median ${formatMs(total?.p50)}, 95th percentile ${formatMs(total?.p95)}. The same as a table is behind Show table.`}
        />
      )}
    </Card>
  );
}

function Check({ check, now }: { check: CheckView; now: number }) {
  return (
    <li className={styles.check}>
      <div className={styles.checkHead}>
        <strong>{check.title}</strong>
        <Tag tone={stateTones[check.state]}>{stateNames[check.state]}</Tag>
        <span className="muted">
          {ageOf(check.at, now)} · every {check.intervalMs / 1000} s · since {formatDateTime(check.since)}
        </span>
      </div>
      {check.findings.map(({ code, message, remedy }) => (
        <div key={code + message} className={styles.finding}>
          <p className="break">
            <code className="mono">{code}</code> {message}
          </p>
          <p className="t2 break">{remedy}</p>
        </div>
      ))}
      <Facts items={check.facts} />
    </li>
  );
}

/** One service: its history, its checks with their evidence, and what can be done. */
export function ServiceDetail({
  service,
  incidents,
  now,
}: {
  service: ServiceView;
  incidents: readonly Incident[];
  now: number;
}) {
  const checkNow = useCheckNow();
  const settings = useHealthSettings();
  const configure = useConfigure();
  const [first] = service.checks;
  const hold = () => {
    const from = Date.now();
    const kept = (settings.data?.config.maintenance ?? []).filter(
      (window) => Date.parse(window.to) > from && (!service.maintenance || window.service !== service.id),
    );
    const added = {
      service: service.id,
      from: new Date(from).toISOString(),
      to: new Date(from + 3_600_000).toISOString(),
      reason: 'Set on the page',
    };
    configure.mutate({ config: { maintenance: service.maintenance ? kept : [...kept, added] } });
  };
  return (
    <>
      {first === undefined ? null : (
        <History key={first.id} check={first.id} title={service.title} incidents={incidents} />
      )}
      <Card
        title={`${service.title} · checks`}
        right={
          <span className={styles.bar}>
            <Button onClick={hold} loading={configure.isPending} disabled={settings.data === undefined}>
              {service.maintenance ? 'End maintenance' : 'Maintenance for 1 hour'}
            </Button>
            <Button onClick={() => checkNow.mutate(service.id)} loading={checkNow.isPending}>
              {`Check ${service.title}`}
            </Button>
          </span>
        }
      >
        {checkNow.isError ? <ErrorPanel error={checkNow.error} /> : null}
        {configure.isError ? <ErrorPanel error={configure.error} /> : null}
        <ul aria-label={`Checks of ${service.title}`}>
          {service.checks.map((check) => (
            <Check key={check.id} check={check} now={now} />
          ))}
        </ul>
      </Card>
    </>
  );
}
