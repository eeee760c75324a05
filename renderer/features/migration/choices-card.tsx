import { Button, Textarea } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { DatabaseChoices } from '#shared/model/database-choices';
import { Card } from '../../ui/card';
import { ErrorPanel } from '../../ui/error-panel';
import { plural } from '../../ui/format';
import styles from './migration.module.css';
import { useChooseDatabase, useDatabaseChoices } from './queries';

const linesOf = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

function ChoicesForm({ choices }: { choices: DatabaseChoices }) {
  const choose = useChooseDatabase();
  const [leaveOut, setLeaveOut] = useState(choices.leaveOut.join('\n'));
  const [withoutRows, setWithoutRows] = useState(choices.withoutRows.join('\n'));
  const wanted = { ...choices, leaveOut: linesOf(leaveOut), withoutRows: linesOf(withoutRows) };
  const changed = JSON.stringify(wanted) !== JSON.stringify(choices);
  return (
    <form
      className={styles.work}
      onSubmit={(event) => {
        event.preventDefault();
        choose.mutate(wanted);
      }}
    >
      <div className={styles.reportGrid}>
        <Textarea
          label="Tables and views that are not moved"
          description="One pattern a line: public.audit_*, crm.*, /regex/"
          value={leaveOut}
          onChange={(event) => setLeaveOut(event.currentTarget.value)}
          autosize
          minRows={2}
          maxRows={8}
        />
        <Textarea
          label="Tables that are made and stay empty"
          description="What refers to their rows can’t be copied either"
          value={withoutRows}
          onChange={(event) => setWithoutRows(event.currentTarget.value)}
          autosize
          minRows={2}
          maxRows={8}
        />
      </div>
      {choose.isError ? <ErrorPanel error={choose.error} /> : null}
      <div className={styles.startBar}>
        <p>
          <Link to="/migration/schema">Decide entry by entry</Link>
          {choices.withoutEntries.length === 0
            ? ', with the SQL of each.'
            : `: ${plural(choices.withoutEntries.length, 'entry', 'entries')} left out.`}
        </p>
        <Button type="submit" disabled={!changed} loading={choose.isPending}>
          Keep and plan again
        </Button>
      </div>
    </form>
  );
}

/** What of the database is left out; the workspace keeps it. */
export function ChoicesCard() {
  const { data } = useDatabaseChoices();
  if (data === undefined) return null;
  const count = data.leaveOut.length + data.withoutRows.length + data.withoutEntries.length;
  return (
    <Card title="Left out of the database" right={count === 0 ? 'nothing' : `${count} chosen`} padded>
      <ChoicesForm key={JSON.stringify(data)} choices={data} />
    </Card>
  );
}
