import { Button } from '@mantine/core';
import { useState } from 'react';
import type { ServiceUptime } from '#shared/contract/health';
import { Card } from '../../ui/card';
import { type DataColumn, DataTable } from '../../ui/data-table';
import { ErrorPanel } from '../../ui/error-panel';
import { Loading } from '../../ui/loading';
import { formatUptime } from './health.logic';
import { useUptime } from './queries';

const spans = { day: '24 hours', week: '7 days', month: '30 days', quarter: '90 days' } as const;
const names = ['day', 'week', 'month', 'quarter'] as const;

const columns: readonly DataColumn<ServiceUptime>[] = [
  { id: 'title', header: 'Service', value: ({ title }) => title, track: 'minmax(140px, 1.6fr)' },
  ...names.map((name): DataColumn<ServiceUptime> => ({
    id: name,
    header: spans[name],
    value: (service) => service[name] ?? -1,
    cell: (service) => formatUptime(service[name]),
    track: '1fr',
    numeric: true,
  })),
];

function Table() {
  const uptime = useUptime();
  if (uptime.isPending) return <Loading>Reading the history</Loading>;
  if (uptime.isError) return <ErrorPanel error={uptime.error} retry={() => void uptime.refetch()} />;
  return (
    <DataTable
      label="Uptime of the services"
      columns={columns}
      rows={uptime.data}
      rowId={({ service }) => service}
    />
  );
}

/** How much of the time each service answered, read when an operator wants it: that goes through 90 days. */
export function UptimeCard() {
  const [open, setOpen] = useState(false);
  return (
    <Card
      title="Uptime"
      right={<Button onClick={() => setOpen(!open)}>{open ? 'Hide uptime' : 'Show uptime'}</Button>}
    >
      {open ? <Table /> : null}
    </Card>
  );
}
