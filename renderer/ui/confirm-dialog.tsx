import { Button, TextInput } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import { Dialog } from './dialog';
import styles from './ui.module.css';

interface ConfirmProps {
  title: string;
  opened: boolean;
  onClose: () => void;
  onConfirm: () => void;
  /** The act, as a verb: what the button will do. */
  confirm: string;
  /** What the other button says; it changes nothing. */
  dismiss?: string;
  danger?: boolean;
  /** A word that has to be typed first: for what can't be taken back. */
  typed?: string | undefined;
  /** Whether what stands in the dialog can be done; true unless told. */
  valid?: boolean;
  children: ReactNode;
}

function ConfirmForm({
  onClose,
  onConfirm,
  confirm,
  dismiss = 'Back',
  danger = false,
  typed,
  valid = true,
  children,
}: ConfirmProps) {
  const [text, setText] = useState('');
  const ready = valid && (typed === undefined || text === typed);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (!ready) return;
        onClose();
        onConfirm();
      }}
    >
      <div>{children}</div>
      {typed === undefined ? null : (
        <TextInput
          mt={12}
          label={`Type ${typed} to go on`}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          autoComplete="off"
        />
      )}
      <div className={styles.actions} style={{ justifyContent: 'flex-end', marginTop: 16 }}>
        <Button onClick={onClose}>{dismiss}</Button>
        <Button
          type="submit"
          disabled={!ready}
          {...(danger ? { c: 'var(--bad)' } : { variant: 'filled' })}
          data-autofocus={typed === undefined ? true : undefined}
        >
          {confirm}
        </Button>
      </div>
    </form>
  );
}

/** Asks before an act that is hard to take back. */
export function ConfirmDialog(props: ConfirmProps) {
  return (
    <Dialog title={props.title} opened={props.opened} onClose={props.onClose}>
      <ConfirmForm {...props} />
    </Dialog>
  );
}
