import { Button, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { Incident } from '#shared/model/health';
import { Card } from '../../ui/card';
import { EmptyState } from '../../ui/empty-state';
import { ErrorPanel } from '../../ui/error-panel';
import { formatDateTime, formatDuration } from '../../ui/format';
import { Loading } from '../../ui/loading';
import { saveText } from '../../ui/save-text';
import { Tag } from '../../ui/tag';
import { incidentsCsv, lasted, stateNames, stateTones } from './health.logic';
import styles from './health.module.css';
import { useAround, useIncidents, useNote } from './queries';

function Around({ incident }: { incident: Incident }) {
  const around = useAround(incident);
  const note = useNote();
  const [text, setText] = useState('');
  return (
    <div className={styles.around}>
      <p className="t2 break">{incident.remedy}</p>
      <h3>What was done from half an hour before it</h3>
      {around.isPending ? (
        <Loading>Reading activity</Loading>
      ) : around.isError ? (
        <ErrorPanel error={around.error} retry={() => void around.refetch()} />
      ) : around.data.entries.length === 0 ? (
        <p className="muted">Nothing was changed with Cutover.</p>
      ) : (
        <ul>
          {around.data.entries.map((entry) => (
            <li key={entry.id} className="break">
              {formatDateTime(entry.at)} · <span className="mono">{entry.action}</span> {entry.target} ·{' '}
              {entry.by}
            </li>
          ))}
        </ul>
      )}
      <h3>Notes</h3>
      <ul>
        {incident.notes.map(({ at, by, text: written }) => (
          <li key={at + written} className="break">
            {formatDateTime(at)} · {by}: {written}
          </li>
        ))}
      </ul>
      <form
        className={styles.bar}
        onSubmit={(event) => {
          event.preventDefault();
          if (text.trim() === '') return;
          note.mutate({ id: incident.id, text: text.trim() }, { onSuccess: () => setText('') });
        }}
      >
        <TextInput
          aria-label={`Note on ${incident.serviceTitle}`}
          placeholder="What happened, what helped"
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <Button type="submit" loading={note.isPending} disabled={text.trim() === ''}>
          Add note
        </Button>
      </form>
      {note.isError ? <ErrorPanel error={note.error} /> : null}
    </div>
  );
}

function Row({ incident }: { incident: Incident }) {
  const [open, setOpen] = useState(false);
  const seconds = lasted(incident);
  return (
    <li className={styles.incident}>
      <button
        type="button"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
        className={styles.incidentHead}
      >
        <time dateTime={incident.startedAt} className="mono">
          {formatDateTime(incident.startedAt)}
        </time>
        <strong>{incident.serviceTitle}</strong>
        <Tag tone={incident.endedAt === undefined ? stateTones[incident.state] : 'idle'}>
          {stateNames[incident.state]}
        </Tag>
        <span className={styles.cause}>{incident.cause}</span>
        <span className="num">{seconds === undefined ? 'ongoing' : formatDuration(seconds)}</span>
      </button>
      {open ? <Around incident={incident} /> : null}
    </li>
  );
}

function Rows({ incidents, empty }: { incidents: readonly Incident[]; empty: string }) {
  if (incidents.length === 0) return <EmptyState title={empty} />;
  return (
    <>
      <ul aria-label="Incidents">
        {incidents.map((incident) => (
          <Row key={incident.id} incident={incident} />
        ))}
      </ul>
      <div className={styles.around}>
        <div>
          <Button onClick={() => saveText('incidents.csv', 'text/csv', incidentsCsv(incidents))}>
            Save incidents as CSV
          </Button>
        </div>
      </div>
    </>
  );
}

function All() {
  const all = useIncidents();
  return all.isPending ? (
    <Loading>Reading the incidents</Loading>
  ) : all.isError ? (
    <ErrorPanel error={all.error} retry={() => void all.refetch()} />
  ) : (
    <Rows incidents={all.data} empty="No incident in the last 90 days" />
  );
}

/** What went wrong in the last day, or in all the time that is kept. */
export function IncidentsCard({ incidents }: { incidents: readonly Incident[] }) {
  const [all, setAll] = useState(false);
  return (
    <Card
      title={all ? 'Incidents of the last 90 days' : 'Incidents of the last day'}
      right={<Button onClick={() => setAll(!all)}>{all ? 'Last day only' : 'Last 90 days'}</Button>}
    >
      {all ? <All /> : <Rows incidents={incidents} empty="No incident in the last day" />}
    </Card>
  );
}
