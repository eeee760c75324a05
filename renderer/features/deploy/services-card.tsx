import { Button } from '@mantine/core';
import { useMemo } from 'react';
import type { ServiceStatus } from '#shared/model/deploy';
import { Card } from '../../ui/card';
import { DataTable, type DataColumn } from '../../ui/data-table';
import { EmptyState } from '../../ui/empty-state';
import { formatAmount, formatDateTime, plural } from '../../ui/format';
import { Tag } from '../../ui/tag';
import { healthLooks, shortImage } from './deploy.logic';
import styles from './deploy.module.css';

const facts: readonly DataColumn<ServiceStatus>[] = [
  { id: 'name', header: 'Service', value: ({ name }) => name, track: 'minmax(90px, 0.6fr)' },
  {
    id: 'health',
    header: 'Health',
    value: ({ health }) => health,
    cell: ({ health }) => <Tag tone={healthLooks[health].tone}>{healthLooks[health].label}</Tag>,
    track: '130px',
  },
  {
    id: 'replicas',
    header: 'Running',
    value: ({ replicas }) => replicas.running,
    cell: ({ replicas }) => `${replicas.running} of ${replicas.desired}`,
    track: '80px',
    numeric: true,
  },
  {
    id: 'image',
    header: 'Image',
    value: ({ image }) => image,
    cell: ({ image }) => <span title={image}>{shortImage(image)}</span>,
    track: 'minmax(150px, 1.4fr)',
    mono: true,
  },
  {
    id: 'limits',
    header: 'Limits',
    value: ({ limits }) => limits.memoryBytes ?? 0,
    cell: ({ limits }) =>
      [
        limits.cpus === undefined ? '' : `${limits.cpus} CPU`,
        limits.memoryBytes === undefined ? '' : formatAmount(limits.memoryBytes, 'bytes'),
      ]
        .filter((limit) => limit !== '')
        .join(', '),
    track: '125px',
    numeric: true,
  },
  {
    id: 'changed',
    header: 'Changed',
    value: ({ changedAt }) => changedAt,
    cell: ({ changedAt }) => formatDateTime(changedAt),
    track: '165px',
  },
];

interface ServicesCardProps {
  services: readonly ServiceStatus[];
  busy: boolean;
  onScale: (service: ServiceStatus) => void;
  onRestart: (service: ServiceStatus) => void;
}

/** The services of the stack as they run now. */
export function ServicesCard({ services, busy, onScale, onRestart }: ServicesCardProps) {
  const columns = useMemo<readonly DataColumn<ServiceStatus>[]>(
    () => [
      ...facts,
      {
        id: 'acts',
        header: 'Change it',
        value: () => '',
        cell: (service) => (
          <span className={styles.acts}>
            <Button
              size="compact-xs"
              variant="default"
              disabled={busy}
              aria-label={`Scale ${service.name}`}
              onClick={() => onScale(service)}
            >
              Scale…
            </Button>
            <Button
              size="compact-xs"
              variant="default"
              disabled={busy || service.replicas.desired === 0}
              aria-label={`Restart ${service.name}`}
              onClick={() => onRestart(service)}
            >
              Restart…
            </Button>
          </span>
        ),
        track: '185px',
      },
    ],
    [busy, onScale, onRestart],
  );
  const troubled = services.filter(({ health, failures }) => health !== 'healthy' && failures.length > 0);
  return (
    <Card title="Services" right={services.length === 0 ? undefined : plural(services.length, 'service')}>
      {services.length === 0 ? (
        <EmptyState title="Nothing is deployed yet">
          The first release creates the services of the Compose file.
        </EmptyState>
      ) : (
        <DataTable
          label="Services"
          columns={columns}
          rows={services}
          rowId={({ name }) => name}
          initialSort={{ id: 'name', desc: false }}
          minWidth={1000}
        />
      )}
      {troubled.length === 0 ? null : (
        <ul className={styles.failures} aria-label="Why containers ended">
          {troubled.flatMap(({ name, failures }) =>
            failures.map(({ at, message }) => (
              <li key={`${name} ${at} ${message}`} className="break">
                <strong>{name}</strong> <time dateTime={at}>{formatDateTime(at)}</time>{' '}
                <span className="t2">{message}</span>
              </li>
            )),
          )}
        </ul>
      )}
    </Card>
  );
}
