import { Button, PasswordInput } from '@mantine/core';
import { useState } from 'react';
import type { UserAction } from '#shared/model/users';
import { Dialog } from '../../ui/dialog';
import styles from './users.module.css';

interface PasswordProps {
  label: string;
  opened: boolean;
  onClose: () => void;
  act: (action: UserAction) => void;
}

function PasswordForm({ onClose, act }: PasswordProps) {
  const [password, setPassword] = useState('');
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (password.length < 6) return;
        onClose();
        act({ kind: 'password', password });
      }}
    >
      <PasswordInput
        label="New password"
        description="At least six characters. It is neither shown again nor written anywhere."
        value={password}
        maxLength={72}
        onChange={(event) => setPassword(event.currentTarget.value)}
        autoComplete="new-password"
        data-autofocus
      />
      <p className="t2">All sessions end, so that nobody stays in with the old password.</p>
      <div className={styles.formButtons}>
        <Button onClick={onClose}>Back</Button>
        <Button type="submit" variant="filled" disabled={password.length < 6}>
          Set password
        </Button>
      </div>
    </form>
  );
}

/** Sets a password that the operator types. */
export function PasswordDialog(props: PasswordProps) {
  return (
    <Dialog title={`Set the password of ${props.label}`} opened={props.opened} onClose={props.onClose}>
      <PasswordForm {...props} />
    </Dialog>
  );
}
