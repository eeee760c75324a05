import { useMemo } from 'react';
import type { StepView } from '#shared/model/run';
import { Card } from '../../ui/card';
import { DataTable, type DataColumn } from '../../ui/data-table';
import { formatCount, plural } from '../../ui/format';
import { Tag } from '../../ui/tag';
import { evidenceRows, type EvidenceRow } from './lanes.logic';

const text = (
  id: 'subject' | 'method' | 'source' | 'target',
  header: string,
  track: string,
  mono: boolean,
): DataColumn<EvidenceRow> => ({
  id,
  header,
  value: (row) => row[id],
  cell: (row) => <span title={row[id]}>{row[id]}</span>,
  track,
  mono,
});

const columns: readonly DataColumn<EvidenceRow>[] = [
  {
    id: 'result',
    header: 'Result',
    value: (row) => (row.equal ? 1 : 0),
    cell: (row) => <Tag tone={row.equal ? 'ok' : 'bad'}>{row.equal ? 'Equal' : 'Differs'}</Tag>,
    track: '92px',
  },
  text('subject', 'Compared', 'minmax(120px, 1.2fr)', true),
  text('method', 'How', 'minmax(120px, 1fr)', false),
  text('source', 'Source', 'minmax(104px, 1fr)', true),
  text('target', 'Target', 'minmax(104px, 1fr)', true),
];

const columnsWithNote: readonly DataColumn<EvidenceRow>[] = [
  ...columns,
  {
    id: 'note',
    header: 'Note',
    value: (row) => row.note ?? '',
    cell: (row) => <span title={row.note}>{row.note ?? ''}</span>,
    track: 'minmax(90px, 1fr)',
  },
];

/** The comparisons of both sides, the differing ones first. */
export function EvidenceTable({ steps }: { steps: readonly StepView[] }) {
  const rows = useMemo(() => evidenceRows(steps), [steps]);
  if (rows.length === 0) return null;
  const withNote = rows.some((row) => row.note !== undefined);
  const differing = rows.filter((row) => !row.equal).length;
  return (
    <Card
      title="Evidence"
      right={
        differing === 0
          ? `${plural(rows.length, 'comparison')}, all equal`
          : `${formatCount(differing)} of ${plural(rows.length, 'comparison')} differ`
      }
    >
      <DataTable
        label="Evidence"
        columns={withNote ? columnsWithNote : columns}
        rows={rows}
        rowId={(row) => row.id}
        minWidth={withNote ? 630 : 540}
        wrap
      />
    </Card>
  );
}
