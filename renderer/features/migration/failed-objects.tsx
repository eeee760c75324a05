import { useMemo } from 'react';
import { failedObjectsOf, type FailedObject } from '#shared/model/failed-objects';
import type { RunView } from '#shared/model/run';
import { Card } from '../../ui/card';
import { CopyButton } from '../../ui/copy-button';
import { DataTable, type DataColumn } from '../../ui/data-table';
import { plural } from '../../ui/format';
import { remedies } from '../../ui/remedies';
import { Tag } from '../../ui/tag';

const columns: readonly DataColumn<FailedObject>[] = [
  {
    id: 'bucket',
    header: 'Bucket',
    value: (row) => row.bucket,
    track: 'minmax(90px, 0.4fr)',
    mono: true,
  },
  {
    id: 'key',
    header: 'Key',
    value: (row) => row.key,
    cell: (row) => <span title={row.key}>{row.key}</span>,
    track: 'minmax(160px, 1fr)',
    mono: true,
  },
  {
    id: 'reason',
    header: 'Reason',
    value: (row) => row.code,
    cell: (row) => <Tag tone="bad">{remedies[row.code].title}</Tag>,
    track: 'minmax(180px, 0.6fr)',
  },
];

const rowId = ({ bucket, key }: FailedObject): string => JSON.stringify([bucket, key]);

/** The objects that the run could not copy, all others being copied; nothing when there are none. */
export function FailedObjects({ view }: { view: RunView }) {
  const failed = useMemo(() => failedObjectsOf(view), [view]);
  if (failed.length === 0) return null;
  return (
    <Card
      title="Objects that were not copied"
      right={
        <CopyButton text={failed.map(({ bucket, key }) => `${bucket}/${key}`).join('\n')}>
          {`Copy ${plural(failed.length, 'key')}`}
        </CopyButton>
      }
    >
      <DataTable label="Objects that were not copied" columns={columns} rows={failed} rowId={rowId} />
    </Card>
  );
}
