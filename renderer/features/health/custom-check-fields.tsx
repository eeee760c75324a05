import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { CustomCheck } from '#shared/model/health';
import { emptyDraft, kindNames, parseCustomCheck, summaryOf, type CheckDraft } from './custom-check.logic';
import styles from './health.module.css';

const kinds = Object.entries(kindNames).map(([value, label]) => ({ value, label }));

/** The fields of each kind, besides title and interval. */
const fields: Record<CheckDraft['kind'], { name: keyof CheckDraft; label: string; placeholder?: string }[]> =
  {
    http: [
      { name: 'url', label: 'Address', placeholder: 'https://shop.example.com/api/status' },
      { name: 'status', label: 'Status that counts as good' },
      { name: 'contains', label: 'Text that the answer holds', placeholder: 'any' },
    ],
    tcp: [
      { name: 'host', label: 'Host', placeholder: 'mail.example.com' },
      { name: 'port', label: 'Port', placeholder: '25' },
    ],
    sql: [
      {
        name: 'query',
        label: 'Statement that reads one value',
        placeholder: 'select count(*) from orders where paid is null',
      },
      { name: 'min', label: 'Not below', placeholder: 'no limit' },
      { name: 'max', label: 'Not above', placeholder: 'no limit' },
    ],
  };

function NewCheck({ taken, onAdd }: { taken: readonly string[]; onAdd: (check: CustomCheck) => void }) {
  const [draft, setDraft] = useState<CheckDraft>();
  const [tried, setTried] = useState(false);
  if (draft === undefined) {
    return (
      <div>
        <Button onClick={() => setDraft(emptyDraft)}>Add a check…</Button>
      </div>
    );
  }
  const parsed = parseCustomCheck(draft, taken);
  const change = (part: Partial<CheckDraft>) => setDraft({ ...draft, ...part });
  const input = (name: keyof CheckDraft, label: string, placeholder?: string) => (
    <TextInput
      key={name}
      label={label}
      placeholder={placeholder}
      value={draft[name]}
      error={tried && 'wrong' in parsed ? parsed.wrong[name] : undefined}
      onChange={(event) => change({ [name]: event.currentTarget.value })}
    />
  );
  return (
    <div className={styles.form} role="group" aria-label="New check">
      <div className={styles.pair}>
        <NativeSelect
          label="Kind"
          data={kinds}
          value={draft.kind}
          onChange={({ currentTarget: { value } }) =>
            change({ kind: value === 'tcp' || value === 'sql' ? value : 'http' })
          }
        />
        {input('title', 'Name')}
      </div>
      {draft.kind === 'sql' ? (
        <NativeSelect
          label="Database"
          data={[
            { value: 'target', label: 'Supabase Postgres' },
            { value: 'source', label: 'Source PostgreSQL' },
          ]}
          value={draft.database}
          onChange={({ currentTarget: { value } }) =>
            change({ database: value === 'source' ? 'source' : 'target' })
          }
        />
      ) : null}
      {fields[draft.kind].map(({ name, label, placeholder }) => input(name, label, placeholder))}
      {input('intervalSeconds', 'Seconds between checks')}
      <div className={styles.bar}>
        <Button
          onClick={() => {
            setTried(true);
            if (!('check' in parsed)) return;
            onAdd(parsed.check);
            setDraft(undefined);
            setTried(false);
          }}
        >
          Take into the list
        </Button>
        <Button onClick={() => setDraft(undefined)}>Leave it out</Button>
      </div>
    </div>
  );
}

/** Checks that an operator adds: web addresses, TCP ports and SQL values. */
export function CustomCheckFields({
  checks,
  onChange,
}: {
  checks: readonly CustomCheck[];
  onChange: (checks: CustomCheck[]) => void;
}) {
  return (
    <fieldset className={styles.alerts}>
      <legend>Checks of your own</legend>
      <ul aria-label="Checks of your own">
        {checks.map((check) => (
          <li key={check.id} className={styles.bar}>
            <span className={styles.cause}>
              <strong>{check.title}</strong> <span className="t2">{summaryOf(check)}</span>
            </span>
            <Button
              aria-label={`Remove ${check.title}`}
              onClick={() => onChange(checks.filter((other) => other !== check))}
            >
              Remove
            </Button>
          </li>
        ))}
      </ul>
      <NewCheck taken={checks.map(({ id }) => id)} onAdd={(check) => onChange([...checks, check])} />
    </fieldset>
  );
}
