import { Button } from '@mantine/core';
import type { AppError } from '#shared/model/errors';
import { Card } from '../../ui/card';
import { ErrorPanel } from '../../ui/error-panel';
import { Facts } from '../../ui/facts';
import { formatCount } from '../../ui/format';
import { Tag } from '../../ui/tag';
import { formatMs, sparkline } from './health.logic';
import styles from './health.module.css';
import { useLoadTicks, useStopLoad } from './load-queries';

const box = { width: 600, height: 48 };

/** A load check that goes on: how the last second was, and how it is all in all. */
export function LoadLive({ id, onEnd }: { id: string; onEnd: (failure: AppError | undefined) => void }) {
  const ticks = useLoadTicks(id, onEnd);
  const stop = useStopLoad();
  const last = ticks.at(-1);
  return (
    <Card
      title="Under load"
      right={
        <span className={styles.bar}>
          <Tag tone="run">{last?.phase === 'hold' ? 'Measuring' : 'Users come'}</Tag>
          <Button loading={stop.isPending} onClick={() => stop.mutate(id)}>
            Stop
          </Button>
        </span>
      }
      padded
    >
      {stop.isError ? <ErrorPanel error={stop.error} /> : null}
      {last === undefined ? (
        <p className="muted">The first users come.</p>
      ) : (
        <>
          <Facts
            items={[
              { label: 'Users', value: formatCount(last.users) },
              { label: 'Requests a second', value: formatCount(last.recent.perSecond) },
              { label: 'p50 · p95 · p99 of the last second', value: percentiles(last.recent) },
              { label: 'p50 · p95 · p99 so far', value: percentiles(last.total) },
              { label: 'Errors so far', value: formatCount(last.total.errors) },
            ]}
          />
          <svg
            viewBox={`0 0 ${box.width} ${box.height}`}
            preserveAspectRatio="none"
            className={styles.spark}
            aria-hidden="true"
          >
            {sparkline(
              ticks.map(({ recent }) => recent.p95 ?? null),
              box.width,
              box.height,
            ).map((points) => (
              <polyline key={points} points={points} />
            ))}
          </svg>
          <p className="muted">95th percentile of each second</p>
        </>
      )}
    </Card>
  );
}

function percentiles(figures: {
  p50?: number | undefined;
  p95?: number | undefined;
  p99?: number | undefined;
}) {
  return `${formatMs(figures.p50)} · ${formatMs(figures.p95)} · ${formatMs(figures.p99)}`;
}
