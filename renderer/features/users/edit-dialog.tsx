import { Button, Textarea, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { UserAction, UserDetail } from '#shared/model/users';
import { Dialog } from '../../ui/dialog';
import { editOf } from './edit.logic';
import styles from './users.module.css';

interface EditProps {
  user: UserDetail;
  opened: boolean;
  onClose: () => void;
  act: (action: UserAction) => void;
}

function EditForm({ user, onClose, act }: EditProps) {
  // What the operator saw stays what it was, even when the panel behind learns of a change.
  const [seen] = useState(user);
  const [email, setEmail] = useState(user.email ?? '');
  const [phone, setPhone] = useState(user.phone === undefined ? '' : `+${user.phone}`);
  const [userMetadata, setUserMetadata] = useState(JSON.stringify(user.userMetadata, null, 2));
  const [appMetadata, setAppMetadata] = useState(JSON.stringify(user.appMetadata, null, 2));
  const { action, errors } = editOf(seen, { email, phone, userMetadata, appMetadata });
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (action === undefined) return;
        onClose();
        act(action);
      }}
    >
      <TextInput
        label="E-mail"
        value={email}
        error={errors.email}
        onChange={(event) => setEmail(event.currentTarget.value)}
        autoComplete="off"
        data-autofocus
      />
      <TextInput
        label="Phone"
        description="With its country: +49301234567"
        value={phone}
        error={errors.phone}
        onChange={(event) => setPhone(event.currentTarget.value)}
        autoComplete="off"
      />
      <Textarea
        label="User metadata (JSON)"
        description="The user can change it too: nothing may be decided by it."
        rows={6}
        value={userMetadata}
        error={errors.userMetadata}
        onChange={(event) => setUserMetadata(event.currentTarget.value)}
        spellCheck={false}
        classNames={{ input: 'mono' }}
      />
      <Textarea
        label="App metadata (JSON)"
        description="Only the server changes it: roles and permissions belong here."
        rows={6}
        value={appMetadata}
        error={errors.appMetadata}
        onChange={(event) => setAppMetadata(event.currentTarget.value)}
        spellCheck={false}
        classNames={{ input: 'mono' }}
      />
      <div className={styles.formButtons}>
        <Button onClick={onClose}>Back</Button>
        <Button type="submit" variant="filled" disabled={action === undefined}>
          Save
        </Button>
      </div>
    </form>
  );
}

/** Address, number and metadata of a user. Refused by the service when somebody else changed them meanwhile. */
export function EditDialog(props: EditProps) {
  return (
    <Dialog title="Edit user" opened={props.opened} onClose={props.onClose} size={560}>
      <EditForm {...props} />
    </Dialog>
  );
}
