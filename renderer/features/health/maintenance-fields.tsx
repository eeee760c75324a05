import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { HealthConfig, ServiceView } from '#shared/model/health';
import { formatDateTime } from '../../ui/format';
import styles from './health.module.css';

type MaintenanceWindow = HealthConfig['maintenance'][number];

/** Times in which alerts are held back; what is checked and kept stays the same. */
export function MaintenanceFields({
  windows,
  services,
  onChange,
}: {
  windows: readonly MaintenanceWindow[];
  services: readonly Pick<ServiceView, 'id' | 'title'>[];
  onChange: (windows: MaintenanceWindow[]) => void;
}) {
  const [service, setService] = useState('');
  const [from, setFrom] = useState('');
  const [to, setTo] = useState('');
  const [reason, setReason] = useState('');
  const complete = from !== '' && to !== '' && Date.parse(from) < Date.parse(to);
  const titleOf = (id: string | undefined) =>
    id === undefined ? 'All services' : (services.find((one) => one.id === id)?.title ?? id);
  return (
    <fieldset className={styles.alerts}>
      <legend>Maintenance windows</legend>
      <ul aria-label="Maintenance windows">
        {windows.map((window) => (
          <li key={`${window.from} ${window.to} ${window.service ?? ''}`} className={styles.bar}>
            <span className={styles.cause}>
              <strong>{titleOf(window.service)}</strong>{' '}
              <span className="t2">
                {formatDateTime(window.from)} to {formatDateTime(window.to)} {window.reason}
              </span>
            </span>
            <Button
              aria-label={`Remove the window of ${titleOf(window.service)}`}
              onClick={() => onChange(windows.filter((other) => other !== window))}
            >
              Remove
            </Button>
          </li>
        ))}
      </ul>
      <div className={styles.pair}>
        <NativeSelect
          label="Service under maintenance"
          data={[
            { value: '', label: 'All services' },
            ...services.map(({ id, title }) => ({ value: id, label: title })),
          ]}
          value={service}
          onChange={({ currentTarget: { value } }) => setService(value)}
        />
        <TextInput
          label="Reason"
          value={reason}
          maxLength={200}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        <TextInput
          type="datetime-local"
          label="From"
          value={from}
          onChange={(event) => setFrom(event.currentTarget.value)}
        />
        <TextInput
          type="datetime-local"
          label="Until"
          value={to}
          error={from !== '' && to !== '' && !complete ? 'It ends before it begins.' : undefined}
          onChange={(event) => setTo(event.currentTarget.value)}
        />
      </div>
      <div>
        <Button
          disabled={!complete}
          onClick={() => {
            onChange([
              ...windows,
              {
                ...(service === '' ? {} : { service }),
                from: new Date(from).toISOString(),
                to: new Date(to).toISOString(),
                reason: reason.trim(),
              },
            ]);
            setFrom('');
            setTo('');
            setReason('');
          }}
        >
          Add window
        </Button>
      </div>
    </fieldset>
  );
}
