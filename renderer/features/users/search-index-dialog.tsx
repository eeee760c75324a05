import { Button } from '@mantine/core';
import { Dialog } from '../../ui/dialog';
import { ErrorPanel } from '../../ui/error-panel';
import { useSearchIndex, useUsersOverview } from './queries';
import styles from './users.module.css';

function SearchIndexForm({ onClose }: { onClose: () => void }) {
  const overview = useUsersOverview();
  const change = useSearchIndex();
  const index = overview.data?.searchIndex;
  if (index === undefined) {
    return <p>The search tables lie in the database. Add SUPABASE_DB_URL in Connections.</p>;
  }
  const ready = index.state === 'ready';
  return (
    <div className={styles.form}>
      <p className="t2">
        {ready
          ? 'The search tables are there: searching inside of addresses, names and metadata, finding the banned and sorting by the last sign-in take milliseconds. Removing them takes away the tables and their triggers, nothing else.'
          : 'Searching inside of addresses, names and metadata, finding the banned and sorting by the last sign-in read all users, which takes seconds when there are many. Two tables of Cutover’s own, kept up to date by triggers on auth.users, make it quick. A failure of a trigger never stops a sign-up or a sign-in.'}
      </p>
      {index.state === 'impossible' ? (
        <p role="status">This database role may not create it, or the extension pg_trgm is not to be had.</p>
      ) : null}
      <pre className={styles.json} tabIndex={0} aria-label="SQL">
        {ready ? index.dropSql : index.createSql}
      </pre>
      {change.isError ? <ErrorPanel error={change.error} /> : null}
      <div className={styles.formButtons}>
        <Button onClick={onClose}>Close</Button>
        <Button
          {...(ready ? { c: 'var(--bad)' } : { variant: 'filled' })}
          disabled={index.state === 'impossible'}
          loading={change.isPending}
          onClick={() => change.mutate(ready ? 'drop' : 'create')}
        >
          {ready ? 'Remove the search tables' : 'Run this SQL'}
        </Button>
      </div>
    </div>
  );
}

/** Shows the SQL of the search table and runs it when the operator agrees. */
export function SearchIndexDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Dialog title="Quick search" opened={opened} onClose={onClose} size={680}>
      <SearchIndexForm onClose={onClose} />
    </Dialog>
  );
}
