import { Button } from '@mantine/core';
import type { TableDifference } from '#shared/contract/comparison';
import type { RunView } from '#shared/model/run';
import { Card } from '../../ui/card';
import { DataTable, type DataColumn } from '../../ui/data-table';
import { ErrorPanel } from '../../ui/error-panel';
import { Facts } from '../../ui/facts';
import { formatCount, plural } from '../../ui/format';
import { Loading } from '../../ui/loading';
import { Notice } from '../../ui/notice';
import { cellRows, differingTables, kindNames, rangeText, type CellRow } from './mismatch.logic';
import { useRowDifferences } from './queries';
import { useMigrationView } from './view-store';

const text = (id: keyof CellRow, header: string, track: string): DataColumn<CellRow> => ({
  id,
  header,
  value: (row) => row[id],
  cell: (row) => <span title={row[id]}>{row[id]}</span>,
  track,
  mono: id !== 'kind',
});

const columns: readonly DataColumn<CellRow>[] = [
  text('row', 'Row', 'minmax(90px, 0.7fr)'),
  text('kind', 'Difference', '160px'),
  text('column', 'Column', 'minmax(90px, 0.6fr)'),
  text('source', 'Source', 'minmax(110px, 1fr)'),
  text('target', 'Target', 'minmax(110px, 1fr)'),
];

function Difference({ difference }: { difference: TableDifference }) {
  const { missing, extra, changed } = difference.counts;
  const atLeast = difference.complete ? '' : 'at least ';
  return (
    <>
      <Facts
        items={[
          { label: kindNames.missing, value: `${atLeast}${plural(missing, 'row')}` },
          { label: kindNames.extra, value: `${atLeast}${plural(extra, 'row')}` },
          { label: kindNames.changed, value: `${atLeast}${plural(changed, 'row')}` },
          ...difference.ranges.slice(0, 10).map((range) => ({
            label: `${difference.key.join(', ')} ${rangeText(range)}`,
            value: `${formatCount(range.rows)} · ${kindNames[range.kind].toLowerCase()}`,
          })),
        ]}
      />
      <DataTable
        label={`Rows of ${difference.table} side by side`}
        columns={columns}
        rows={cellRows(difference)}
        rowId={(row) => row.id}
        minWidth={560}
        maxHeight={320}
        wrap
      />
    </>
  );
}

function Rows({ table }: { table: string }) {
  const { data, error, isPending } = useRowDifferences(table);
  if (isPending) return <Loading>{`Comparing the rows of ${table} on both sides…`}</Loading>;
  if (error !== null) return <ErrorPanel error={error} />;
  const [difference] = data.differences;
  if (difference === undefined)
    return <Notice title="Equal by now">{`The rows of ${table} are the same on both sides now.`}</Notice>;
  if (difference.reason !== undefined)
    return <Notice title="The rows can not be compared">{difference.reason}</Notice>;
  return <Difference difference={difference} />;
}

/** The rows by which both sides differ, read again when the operator asks for a table. */
export function MismatchView({ view }: { view: RunView }) {
  const tables = differingTables(view.steps);
  const chosen = useMigrationView((state) => state.mismatch);
  const choose = (mismatch: string): void => useMigrationView.setState({ mismatch });
  if (tables.length === 0) return null;
  return (
    <Card title="Rows that differ" right={plural(tables.length, 'table')} padded>
      <p>The rows are read anew on both sides. Values of columns that look like secrets are hidden.</p>
      <p>
        {tables.slice(0, 20).map((table) => (
          <Button key={table} mr={6} aria-pressed={table === chosen} onClick={() => choose(table)}>
            {`Show rows of ${table}`}
          </Button>
        ))}
      </p>
      {chosen !== undefined && tables.includes(chosen) ? <Rows key={chosen} table={chosen} /> : null}
    </Card>
  );
}
