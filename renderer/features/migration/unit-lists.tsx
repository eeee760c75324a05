import { formatBytes } from '#shared/model/format-bytes';
import { Tabs } from '@mantine/core';
import { useMemo, useState } from 'react';
import type { RunView } from '#shared/model/run';
import { Card } from '../../ui/card';
import { DataTable, type DataColumn } from '../../ui/data-table';
import { formatCount } from '../../ui/format';
import { ProgressBar } from '../../ui/progress-bar';
import { Tag } from '../../ui/tag';
import { unitTabs, type UnitRow, type UnitTab } from './lanes.logic';
import styles from './migration.module.css';

const bar: DataColumn<UnitRow> = {
  id: 'progress',
  header: 'Progress',
  value: (row) => row.fraction,
  cell: (row) => (
    <ProgressBar
      label={`${row.label} progress`}
      fraction={row.fraction}
      tone={row.state.tone === 'bad' ? 'bad' : row.fraction === 1 ? 'ok' : 'run'}
    />
  ),
  track: 'minmax(82px, 0.6fr)',
};
const state: DataColumn<UnitRow> = {
  id: 'state',
  header: 'State',
  value: (row) => row.state.label,
  cell: (row) => <Tag tone={row.state.tone}>{row.state.label}</Tag>,
  track: '125px',
};
const name = (header: string): DataColumn<UnitRow> => ({
  id: 'name',
  header,
  value: (row) => row.label,
  cell: (row) => <span title={row.label}>{row.label}</span>,
  track: 'minmax(160px, 1fr)',
  mono: true,
});
const amount = (header: string): DataColumn<UnitRow> => ({
  id: 'amount',
  header,
  value: (row) => row.total,
  cell: (row) => (row.total === 0 ? '' : formatCount(row.total)),
  track: '90px',
  numeric: true,
});
const size: DataColumn<UnitRow> = {
  id: 'size',
  header: 'Size',
  value: (row) => row.bytes,
  cell: (row) => (row.bytes === 0 ? '' : formatBytes(row.bytes)),
  track: '84px',
  numeric: true,
};

const columns: Record<UnitTab['id'], readonly DataColumn<UnitRow>[]> = {
  tables: [name('Table'), amount('Rows'), size, bar, state],
  objects: [name('Objects'), amount('Count'), size, bar, state],
  users: [name('Users'), amount('Count'), bar, state],
  other: [name('Work'), bar, state],
};

function UnitTable({ tab }: { tab: UnitTab }) {
  return <DataTable label={tab.label} columns={columns[tab.id]} rows={tab.rows} rowId={(row) => row.id} />;
}

/** Every table and every range of objects with its progress and state. */
export function UnitLists({ view }: { view: RunView }) {
  const tabs = useMemo(() => unitTabs(view), [view]);
  const [chosen, setChosen] = useState<string | null>(null);
  const [first] = tabs;
  if (first === undefined) return null;
  return (
    <Card title="Tables and objects">
      <Tabs
        value={tabs.find((tab) => tab.id === chosen)?.id ?? first.id}
        onChange={setChosen}
        keepMounted={false}
      >
        <Tabs.List className={styles.tabs ?? ''}>
          {tabs.map((tab) => (
            <Tabs.Tab key={tab.id} value={tab.id}>
              {tab.label} <span className="muted">{formatCount(tab.rows.length)}</span>
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {tabs.map((tab) => (
          <Tabs.Panel key={tab.id} value={tab.id}>
            <UnitTable tab={tab} />
          </Tabs.Panel>
        ))}
      </Tabs>
    </Card>
  );
}
