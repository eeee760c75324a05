import { Button, NativeSelect } from '@mantine/core';
import { useState } from 'react';
import { Dialog } from '../../ui/dialog';
import { banSpans } from './users.logic';
import styles from './users.module.css';

interface BanProps {
  title: string;
  opened: boolean;
  onClose: () => void;
  onBan: (action: { kind: 'ban'; hours: number }) => void;
}

function BanForm({ onClose, onBan }: BanProps) {
  const [hours, setHours] = useState(24);
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        onClose();
        onBan({ kind: 'ban', hours });
      }}
    >
      <NativeSelect
        label="For how long"
        value={String(hours)}
        onChange={(event) => setHours(Number(event.currentTarget.value))}
        data={banSpans.map((span) => ({ value: String(span.hours), label: span.label }))}
        data-autofocus
      />
      <p className="t2">
        Nobody who is banned can sign in or renew a session. Tokens that were issued already stay valid until
        they expire, usually within an hour.
      </p>
      <div className={styles.formButtons}>
        <Button onClick={onClose}>Back</Button>
        <Button type="submit" c="var(--bad)">
          Ban
        </Button>
      </div>
    </form>
  );
}

/** Asks for how long. */
export function BanDialog(props: BanProps) {
  return (
    <Dialog title={props.title} opened={props.opened} onClose={props.onClose}>
      <BanForm {...props} />
    </Dialog>
  );
}
