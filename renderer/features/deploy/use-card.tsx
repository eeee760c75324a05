import type { ContainerUse } from '#shared/model/deploy';
import { Card } from '../../ui/card';
import { DataTable, type DataColumn } from '../../ui/data-table';
import { EmptyState } from '../../ui/empty-state';
import { ErrorPanel } from '../../ui/error-panel';
import { formatAmount } from '../../ui/format';
import { Loading } from '../../ui/loading';
import { ProgressBar } from '../../ui/progress-bar';
import { memoryTone, totalUse } from './deploy.logic';
import styles from './deploy.module.css';
import { useContainerUse } from './queries';

const columns: readonly DataColumn<ContainerUse>[] = [
  { id: 'service', header: 'Service', value: ({ service }) => service, track: 'minmax(90px, 1fr)' },
  { id: 'id', header: 'Container', value: ({ id }) => id, track: '130px', mono: true },
  {
    id: 'cpus',
    header: 'Cores',
    value: ({ cpus }) => cpus ?? 0,
    cell: ({ cpus }) => cpus?.toFixed(2) ?? '…',
    track: '80px',
    numeric: true,
  },
  {
    id: 'memory',
    header: 'Memory',
    value: ({ memoryBytes }) => memoryBytes,
    cell: ({ memoryBytes, memoryLimitBytes }) =>
      `${formatAmount(memoryBytes, 'bytes')} of ${formatAmount(memoryLimitBytes, 'bytes')}`,
    track: '170px',
    numeric: true,
  },
  {
    id: 'share',
    header: 'Of its memory',
    value: ({ memoryBytes, memoryLimitBytes }) => memoryBytes / Math.max(memoryLimitBytes, 1),
    cell: ({ service, id, memoryBytes, memoryLimitBytes }) => {
      const fraction = memoryBytes / Math.max(memoryLimitBytes, 1);
      return (
        <div className={styles.share}>
          <ProgressBar label={`Memory of ${service} ${id}`} fraction={fraction} tone={memoryTone(fraction)} />
        </div>
      );
    },
    track: 'minmax(90px, 0.6fr)',
  },
];

/** What the containers take of the host, as it is measured. */
export function UseCard() {
  const { use, error } = useContainerUse();
  return (
    <>
      {error === undefined ? null : <ErrorPanel error={error} />}
      <Card title="In use" right={use === undefined || use.length === 0 ? undefined : totalUse(use)}>
        {use === undefined ? (
          <Loading>Measuring…</Loading>
        ) : use.length === 0 ? (
          <EmptyState title="No container runs on this host" />
        ) : (
          <DataTable
            label="Containers"
            columns={columns}
            rows={use}
            rowId={({ id }) => id}
            initialSort={{ id: 'service', desc: false }}
            minWidth={600}
          />
        )}
      </Card>
    </>
  );
}
