import { Button, PasswordInput } from '@mantine/core';
import { useState } from 'react';
import { ErrorPanel } from '../../ui/error-panel';
import { useUnlock } from './queries';
import styles from './workspaces.module.css';

/** Asks for the passphrase of the workspace; twice when it makes the vault. */
export function PassphraseForm({ isNew, onDone }: { isNew: boolean; onDone?: () => void }) {
  const [passphrase, setPassphrase] = useState('');
  const [again, setAgain] = useState('');
  const unlock = useUnlock();
  const wrong = unlock.error?.code === 'SECRETS_PASSPHRASE_WRONG';
  const differs = isNew && again !== '' && again !== passphrase;
  const ready = passphrase !== '' && (!isNew || again === passphrase);
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) unlock.mutate({ passphrase }, { onSuccess: () => onDone?.() });
      }}
    >
      <PasswordInput
        label="Passphrase"
        description={
          isNew
            ? 'It encrypts the secrets of this workspace. It is not stored: without it they have to be entered anew.'
            : 'It opens the secrets of this workspace.'
        }
        value={passphrase}
        onChange={(event) => setPassphrase(event.currentTarget.value)}
        error={wrong ? 'This is not the passphrase of this workspace.' : undefined}
        autoComplete={isNew ? 'new-password' : 'current-password'}
        required
      />
      {isNew ? (
        <PasswordInput
          label="Repeat the passphrase"
          value={again}
          onChange={(event) => setAgain(event.currentTarget.value)}
          error={differs ? 'The two do not match.' : undefined}
          autoComplete="new-password"
          required
        />
      ) : null}
      {unlock.isError && !wrong ? <ErrorPanel error={unlock.error} /> : null}
      <div className={styles.buttons}>
        <Button type="submit" variant="filled" loading={unlock.isPending} disabled={!ready}>
          {isNew ? 'Set passphrase' : 'Unlock'}
        </Button>
      </div>
    </form>
  );
}
