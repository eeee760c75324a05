import { NativeSelect } from '@mantine/core';
import { useState } from 'react';
import type { LinkColumnView } from '#shared/contract/links';
import { Card } from '../../ui/card';
import { DataTable, type DataColumn } from '../../ui/data-table';
import { formatCount } from '../../ui/format';
import { columnName, columnNote, linksLeft } from './links.logic';
import styles from './migration.module.css';

const number = (
  id: 'rows' | 'links' | 'signed',
  header: string,
  track: string,
): DataColumn<LinkColumnView> => ({
  id,
  header,
  value: (row) => row[id],
  cell: (row) => formatCount(row[id]),
  track,
  numeric: true,
});

const columns: readonly DataColumn<LinkColumnView>[] = [
  { id: 'column', header: 'Column', value: columnName, track: 'minmax(170px, 1fr)', mono: true },
  { id: 'type', header: 'Type', value: (row) => row.type, track: 'minmax(80px, 0.4fr)', mono: true },
  number('rows', 'Rows', '84px'),
  number('links', 'Links', '84px'),
  number('signed', 'Signed', '78px'),
  {
    id: 'left',
    header: 'Stay',
    value: linksLeft,
    cell: (row) => formatCount(linksLeft(row)),
    track: '70px',
    numeric: true,
  },
  { id: 'note', header: 'Note', value: columnNote, track: 'minmax(170px, 1fr)' },
];

const mostLinks = { id: 'links', desc: true };

/** Columns with links: how many, and what stays. */
export function LinkColumns({ columns: rows }: { columns: readonly LinkColumnView[] }) {
  return (
    <DataTable
      label="Columns with links"
      columns={columns}
      rows={rows}
      rowId={columnName}
      initialSort={mostLinks}
      minWidth={800}
      wrap
    />
  );
}

/** What would become of links of one column, as samples. */
export function LinkPreview({ columns: all }: { columns: readonly LinkColumnView[] }) {
  const withSamples = all.filter(({ samples }) => samples.length > 0);
  const [chosen, setChosen] = useState('');
  const shown = withSamples.find((column) => columnName(column) === chosen) ?? withSamples[0];
  if (shown === undefined) return null;
  return (
    <Card
      title="Preview"
      right={
        <NativeSelect
          aria-label="Column"
          data={withSamples.map(columnName)}
          value={columnName(shown)}
          onChange={(event) => setChosen(event.currentTarget.value)}
        />
      }
      padded
    >
      <ul className={styles.samples} aria-label={`Samples of ${columnName(shown)}`}>
        {shown.samples.map(({ before, after }, index) => (
          <li key={`${before} ${index}`} className="break">
            <div className="mono t2">
              <span className="sr-only">Before: </span>
              {before}
            </div>
            {after === undefined ? (
              <div className="muted">Stays as it is</div>
            ) : (
              <div className="mono">
                <span aria-hidden="true">→ </span>
                <span className="sr-only">After: </span>
                {after}
              </div>
            )}
          </li>
        ))}
      </ul>
    </Card>
  );
}
