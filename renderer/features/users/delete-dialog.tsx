import { Button, Radio, TextInput } from '@mantine/core';
import { useState } from 'react';
import { type UserAction, type UserDetail, userLabel } from '#shared/model/users';
import { Dialog } from '../../ui/dialog';
import { ErrorPanel } from '../../ui/error-panel';
import { Loading } from '../../ui/loading';
import { useReferences, useUsersOverview } from './queries';
import { referenceLine } from './users.logic';
import styles from './users.module.css';

interface DeleteProps {
  user: UserDetail;
  opened: boolean;
  onClose: () => void;
  act: (action: UserAction) => void;
}

/** Which rows of the application hang on the user. */
function References({ id }: { id: string }) {
  const overview = useUsersOverview();
  const visible = overview.data?.path === 'sql';
  const references = useReferences(id, visible);
  if (!visible) {
    return (
      <p className="t2">
        Which rows of the application refer to the user can be seen only through the database connection. If
        some do, the delete fails and nothing is changed.
      </p>
    );
  }
  if (references.isPending) return <Loading>Looking for rows that refer to the user</Loading>;
  if (references.isError) return <ErrorPanel error={references.error} />;
  if (references.data.length === 0)
    return <p className="t2">No row of the application refers to the user.</p>;
  const blocked = references.data.some((reference) => reference.effect === 'blocks');
  return (
    <>
      <ul className={styles.results} aria-label="Rows that refer to the user">
        {references.data.map((reference) => (
          <li key={`${reference.table} ${reference.constraint}`}>{referenceLine(reference)}</li>
        ))}
      </ul>
      {blocked ? (
        <p role="status">
          This delete will be refused. Delete those rows or give them to another user first, or delete the
          user softly.
        </p>
      ) : null}
    </>
  );
}

function DeleteForm({ user, onClose, act }: DeleteProps) {
  const [soft, setSoft] = useState(user.deletedAt === undefined);
  const [typed, setTyped] = useState('');
  const label = userLabel(user);
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (typed !== label) return;
        onClose();
        act({ kind: 'delete', soft });
      }}
    >
      <Radio.Group label="How" value={soft ? 'soft' : 'hard'} onChange={(value) => setSoft(value === 'soft')}>
        <div className={styles.items}>
          <Radio
            value="soft"
            size="xs"
            disabled={user.deletedAt !== undefined}
            label="Softly: the row stays, address, number and metadata are wiped, nobody can sign in with it"
          />
          <Radio value="hard" size="xs" label="Hard: the row goes, and with it what hangs on it" />
        </div>
      </Radio.Group>
      {soft ? null : <References id={user.id} />}
      <p className="t2">
        Neither can be taken back. Tokens that were issued already stay valid until they expire.
      </p>
      <TextInput
        label={`Type ${label} to go on`}
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
        autoComplete="off"
        data-autofocus
      />
      <div className={styles.formButtons}>
        <Button onClick={onClose}>Back</Button>
        <Button type="submit" c="var(--bad)" disabled={typed !== label}>
          {soft ? 'Delete softly' : 'Delete'}
        </Button>
      </div>
    </form>
  );
}

/** Deletes a user, softly or hard; shows first what blocks it or would go with it. */
export function DeleteDialog(props: DeleteProps) {
  return (
    <Dialog title="Delete user" opened={props.opened} onClose={props.onClose} size={560}>
      <DeleteForm {...props} />
    </Dialog>
  );
}
