import { Button, NativeSelect, TextInput } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import type { DecidedSchema, SchemaEntryView } from '#shared/contract/schema-entries';
import { Card } from '../../ui/card';
import { DataTable, type DataColumn } from '../../ui/data-table';
import { EmptyState } from '../../ui/empty-state';
import { ErrorPanel } from '../../ui/error-panel';
import { formatCount, plural } from '../../ui/format';
import { Loading } from '../../ui/loading';
import { Notice } from '../../ui/notice';
import { PageBody, PageHeader } from '../../ui/page-header';
import { Tag, type Tone } from '../../ui/tag';
import styles from './migration.module.css';
import { useKeepSchema, useSchema, useTriedSchema } from './schema-queries';
import { changeOf, everything, filterEntries, type SchemaChange } from './schema.logic';

const decisions: Record<SchemaEntryView['decision'], { label: string; tone: Tone }> = {
  applied: { label: 'Applied', tone: 'ok' },
  'left-out': { label: 'Left out', tone: 'warn' },
};

/** Names that are shown before the rest is counted. */
const shownNames = 12;

const names = (ids: readonly string[]): string =>
  ids.slice(0, shownNames).join(', ') +
  (ids.length > shownNames ? ` and ${formatCount(ids.length - shownNames)} more` : '');

const columnsFor = (
  chosen: string | undefined,
  choose: (id: string) => void,
): DataColumn<SchemaEntryView>[] => [
  { id: 'type', header: 'Kind', value: ({ type }) => type.toLowerCase(), track: 'minmax(140px, 0.35fr)' },
  {
    id: 'name',
    header: 'Name',
    value: ({ name }) => name,
    cell: ({ id, name }) => (
      <button
        type="button"
        className={styles.entryName}
        aria-pressed={id === chosen}
        title={name}
        onClick={() => choose(id)}
      >
        {name}
      </button>
    ),
    track: 'minmax(160px, 1fr)',
    mono: true,
  },
  {
    id: 'decision',
    header: 'Decision',
    value: ({ decision }) => decisions[decision].label,
    cell: ({ decision }) => <Tag tone={decisions[decision].tone}>{decisions[decision].label}</Tag>,
    track: '104px',
  },
];

function Entry({
  entry,
  busy,
  decide,
}: {
  entry: SchemaEntryView;
  busy: boolean;
  decide: (leaveOut: boolean) => void;
}) {
  const { label, tone } = decisions[entry.decision];
  return (
    <div className={styles.work}>
      <h3 className="mono break">{entry.id}</h3>
      <p>
        <Tag tone={tone}>{label}</Tag>{' '}
        <span className="t2 break">
          {entry.reasons.length > 0
            ? `Because ${entry.reasons.join('; ')}.`
            : entry.optional
              ? ''
              : 'It belongs to its table or view and goes with it.'}
        </span>
      </p>
      {entry.chosen ? (
        <div>
          <Button loading={busy} onClick={() => decide(false)}>
            Apply it after all
          </Button>
        </div>
      ) : entry.optional && entry.decision === 'applied' ? (
        <div>
          <Button loading={busy} onClick={() => decide(true)}>
            Leave it out
          </Button>
        </div>
      ) : null}
      <pre className={styles.sql} tabIndex={0} role="region" aria-label={`SQL of ${entry.id}`}>
        {entry.sql}
      </pre>
    </div>
  );
}

function Change({
  change,
  keep,
  drop,
  keeping,
}: {
  change: SchemaChange;
  keep: () => void;
  drop: () => void;
  keeping: boolean;
}) {
  const lines = [
    { label: 'Left out', ids: change.leftOut },
    { label: 'Left out with it', ids: change.along },
    { label: 'Applied again', ids: change.back },
  ].filter(({ ids }) => ids.length > 0);
  return (
    <Card title="Not kept yet" padded>
      <div className={styles.work}>
        {lines.map(({ label, ids }) => (
          <p key={label} className="break">
            <b>{`${label} (${formatCount(ids.length)}): `}</b>
            <span className="mono">{names(ids)}</span>
          </p>
        ))}
        <div className={styles.startBar}>
          <p className="t2">Nothing is written to the target before a migration is started.</p>
          <Button onClick={drop}>Undo</Button>
          <Button variant="filled" loading={keeping} onClick={keep}>
            Keep the decisions
          </Button>
        </div>
      </div>
    </Card>
  );
}

function Browser({ kept }: { kept: DecidedSchema }) {
  const [wanted, setWanted] = useState<readonly string[] | undefined>(undefined);
  const choices = wanted === undefined ? undefined : { ...kept.choices, withoutEntries: [...wanted] };
  const tried = useTriedSchema(choices);
  const keep = useKeepSchema();
  const [filter, setFilter] = useState(everything);
  const [chosen, setChosen] = useState<string | undefined>(undefined);
  const { entries } = (wanted === undefined ? undefined : tried.data) ?? kept;
  const shown = useMemo(() => filterEntries(entries, filter), [entries, filter]);
  const types = useMemo(() => [...new Set(entries.map(({ type }) => type))].sort(), [entries]);
  const columns = useMemo(() => columnsFor(chosen, setChosen), [chosen]);
  const entry = entries.find(({ id }) => id === chosen);
  const leftOut = entries.filter(({ decision }) => decision === 'left-out').length;
  const decide = (id: string, leaveOut: boolean): void => {
    const before = wanted ?? kept.choices.withoutEntries;
    const after = leaveOut ? [...before, id] : before.filter((other) => other !== id);
    const same =
      after.length === kept.choices.withoutEntries.length &&
      after.every((item) => kept.choices.withoutEntries.includes(item));
    setWanted(same ? undefined : after);
  };
  return (
    <>
      {kept.readBy === undefined ? null : <Notice title="Another pg_dump">{kept.readBy}</Notice>}
      {tried.isError && wanted !== undefined ? (
        <ErrorPanel
          error={tried.error}
          actions={<Button onClick={() => setWanted(undefined)}>Undo</Button>}
        />
      ) : null}
      {keep.isError ? <ErrorPanel error={keep.error} /> : null}
      {choices === undefined || tried.data === undefined || tried.isError ? null : (
        <Change
          change={changeOf(kept.entries, tried.data.entries)}
          keep={() => keep.mutate(choices, { onSuccess: () => setWanted(undefined) })}
          drop={() => setWanted(undefined)}
          keeping={keep.isPending}
        />
      )}
      <div className={styles.browser}>
        <Card
          title="Entries"
          right={`${plural(entries.length - leftOut, 'entry', 'entries')} applied · ${formatCount(leftOut)} left out`}
        >
          <div className={styles.filters}>
            <TextInput
              aria-label="Find in names and SQL"
              placeholder="Find in names and SQL"
              value={filter.text}
              onChange={(event) => setFilter({ ...filter, text: event.currentTarget.value })}
            />
            <NativeSelect
              aria-label="Kind"
              data={[
                { value: '', label: 'All kinds' },
                ...types.map((type) => ({ value: type, label: type.toLowerCase() })),
              ]}
              value={filter.type}
              onChange={({ currentTarget: { value } }) => setFilter({ ...filter, type: value })}
            />
            <NativeSelect
              aria-label="Decision"
              data={[
                { value: '', label: 'All decisions' },
                { value: 'applied', label: 'Applied' },
                { value: 'left-out', label: 'Left out' },
              ]}
              value={filter.decision}
              onChange={({ currentTarget: { value } }) =>
                setFilter({ ...filter, decision: value === 'applied' || value === 'left-out' ? value : '' })
              }
            />
          </div>
          {shown.length === 0 ? (
            <EmptyState title="No entry">Nothing in the schema matches what is looked for.</EmptyState>
          ) : (
            <DataTable
              label="Entries of the schema"
              columns={columns}
              rows={shown}
              rowId={({ id }) => id}
              minWidth={400}
              maxHeight={560}
            />
          )}
        </Card>
        <Card title="Entry" padded>
          {entry === undefined ? (
            <p className="t2">Choose an entry to read its SQL and to decide whether it is applied.</p>
          ) : (
            <Entry
              key={entry.id}
              entry={entry}
              busy={tried.isFetching}
              decide={(leaveOut) => decide(entry.id, leaveOut)}
            />
          )}
        </Card>
      </div>
    </>
  );
}

/** The source's schema entry by entry: what is applied as which SQL, what is left out and why, and the operator's own decisions. */
export function SchemaPage() {
  const schema = useSchema();
  return (
    <>
      <PageHeader
        title="Migration"
        crumb="Schema"
        actions={
          <>
            <Button loading={schema.isFetching} onClick={() => void schema.refetch()}>
              Read again
            </Button>
            <Button renderRoot={(props) => <Link to="/migration" {...props} />}>Back</Button>
          </>
        }
      />
      <PageBody>
        <div className={styles.content}>
          {schema.isPending ? <Loading>Reading the schema of the source…</Loading> : null}
          {schema.isError ? <ErrorPanel error={schema.error} retry={() => void schema.refetch()} /> : null}
          {schema.data === undefined ? null : <Browser kept={schema.data} />}
        </div>
      </PageBody>
    </>
  );
}
