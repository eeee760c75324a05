import { Button, Checkbox, NativeSelect, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { AlertConfig } from '#shared/model/health';
import { ErrorPanel } from '../../ui/error-panel';
import { repeats, shapes, withQuiet } from './alert-fields.logic';
import styles from './health.module.css';
import { useTestAlert } from './queries';

function TestAlert() {
  const test = useTestAlert();
  return (
    <>
      <div className={styles.bar}>
        <Button onClick={() => test.mutate()} loading={test.isPending}>
          Send test alert
        </Button>
        <span className="muted" role="status">
          {test.data === undefined
            ? 'Goes to the receivers as they are saved.'
            : test.data.length === 0
              ? 'No receiver is saved: enter a webhook, or a mail server and an address.'
              : test.data
                  .filter(({ error }) => error === undefined)
                  .map(({ channel }) => `Sent by ${channel}.`)
                  .join(' ')}
        </span>
      </div>
      {test.isError ? <ErrorPanel error={test.error} /> : null}
      {(test.data ?? []).map(({ channel, error }) =>
        error === undefined ? null : (
          <ErrorPanel key={channel} title={`The test by ${channel} did not arrive`} error={error} />
        ),
      )}
    </>
  );
}

/** When and how receivers are told of incidents. */
export function AlertFields({
  alerts,
  onChange,
}: {
  alerts: AlertConfig;
  onChange: (alerts: AlertConfig) => void;
}) {
  const [from, setFrom] = useState(alerts.quiet?.from ?? '');
  const [to, setTo] = useState(alerts.quiet?.to ?? '');
  const quiet = (begin: string, end: string) => {
    setFrom(begin);
    setTo(end);
    onChange(withQuiet(alerts, begin, end));
  };
  return (
    <fieldset className={styles.alerts}>
      <legend>Alerts</legend>
      <NativeSelect
        label="Tell of services that are"
        data={[
          { value: 'down', label: 'Down' },
          { value: 'degraded', label: 'Degraded or down' },
        ]}
        value={alerts.from}
        onChange={({ currentTarget: { value } }) =>
          onChange({ ...alerts, from: value === 'degraded' ? 'degraded' : 'down' })
        }
      />
      <NativeSelect
        label="Tell again while it lasts"
        data={repeats}
        value={String(alerts.repeatMinutes)}
        onChange={({ currentTarget: { value } }) => onChange({ ...alerts, repeatMinutes: Number(value) })}
      />
      <NativeSelect
        label="Form of the webhook"
        data={shapes}
        value={alerts.webhookShape}
        onChange={({ currentTarget: { value } }) =>
          onChange({
            ...alerts,
            webhookShape: shapes.find((shape) => shape.value === value)?.value ?? 'auto',
          })
        }
      />
      <div className={styles.pair}>
        <TextInput
          type="time"
          label="Quiet from"
          value={from}
          onChange={(event) => quiet(event.currentTarget.value, to)}
        />
        <TextInput
          type="time"
          label="Quiet until"
          value={to}
          onChange={(event) => quiet(from, event.currentTarget.value)}
        />
      </div>
      <Checkbox
        label="Show a notification on the desktop"
        checked={alerts.desktop}
        onChange={(event) => onChange({ ...alerts, desktop: event.currentTarget.checked })}
      />
      <p className="muted">
        Nothing is sent in the quiet hours; what lasts is told when they end. Empty: no quiet hours.
      </p>
      <TestAlert />
    </fieldset>
  );
}
