import { Button, TextInput } from '@mantine/core';
import { useState } from 'react';
import { Dialog } from '../../ui/dialog';
import { ErrorPanel } from '../../ui/error-panel';
import { Loading } from '../../ui/loading';
import { useChangeViews, useSavedViews } from './queries';
import styles from './users.module.css';
import { useUsersView } from './view-store';

function Views({ onClose }: { onClose: () => void }) {
  const { text, filter, sort, columns, apply } = useUsersView();
  const views = useSavedViews();
  const change = useChangeViews();
  const [name, setName] = useState('');
  const wanted = name.trim();
  const replaces = views.data?.some((view) => view.name === wanted) === true;
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (wanted === '') return;
        change.mutate(
          { name: wanted, text, filter, sort, columns: [...columns] },
          { onSuccess: () => setName('') },
        );
      }}
    >
      {views.isPending ? (
        <Loading>Reading views</Loading>
      ) : views.isError ? (
        <ErrorPanel error={views.error} retry={() => void views.refetch()} />
      ) : views.data.length === 0 ? (
        <p className="muted">No view is kept yet.</p>
      ) : (
        <ul className={styles.items} aria-label="Kept views">
          {views.data.map((view) => (
            <li key={view.name}>
              <Button
                variant="subtle"
                onClick={() => {
                  apply(view);
                  onClose();
                }}
              >
                {view.name}
              </Button>
              <Button
                aria-label={`Delete view ${view.name}`}
                disabled={change.isPending}
                onClick={() => change.mutate({ delete: view.name })}
              >
                Delete
              </Button>
            </li>
          ))}
        </ul>
      )}
      <TextInput
        label="Keep what is shown now as"
        description="Search, filters, order and columns, for everybody who works in this workspace."
        maxLength={60}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        autoComplete="off"
      />
      {change.isError ? <ErrorPanel error={change.error} /> : null}
      <div className={styles.formButtons}>
        <Button onClick={onClose}>Close</Button>
        <Button type="submit" variant="filled" disabled={wanted === ''} loading={change.isPending}>
          {replaces ? 'Replace this view' : 'Keep this view'}
        </Button>
      </div>
    </form>
  );
}

/** Views of the list: shows one, keeps the present one, deletes others. */
export function ViewsDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Dialog title="Views" opened={opened} onClose={onClose}>
      <Views onClose={onClose} />
    </Dialog>
  );
}
