import { Button, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { AppError } from '#shared/model/errors';
import { Dialog } from '../../ui/dialog';
import { ErrorPanel } from '../../ui/error-panel';
import { FormButtons } from './copy-dialog';
import styles from './buckets.module.css';

interface NameFormProps {
  label: string;
  description?: string;
  /** What the field holds at first; the same again is no change. */
  before?: string;
  /** What the button does. */
  confirm: string;
  pending: boolean;
  error: AppError | null;
  onClose: () => void;
  onName: (name: string) => void;
}

function NameForm(props: NameFormProps) {
  const { before = '' } = props;
  const [name, setName] = useState(before);
  const ready = name !== '' && name !== before;
  return (
    <form
      className={styles.jobs}
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) props.onName(name);
      }}
    >
      <TextInput
        label={props.label}
        description={props.description}
        value={name}
        data-autofocus
        autoComplete="off"
        onChange={(event) => setName(event.currentTarget.value)}
      />
      {props.error === null ? null : <ErrorPanel error={props.error} />}
      <FormButtons onClose={props.onClose}>
        <Button type="submit" variant="filled" loading={props.pending} disabled={!ready}>
          {props.confirm}
        </Button>
      </FormButtons>
    </form>
  );
}

/** Asks for one name. */
export function NameDialog({ title, opened, ...form }: NameFormProps & { title: string; opened: boolean }) {
  return (
    <Dialog title={title} opened={opened} onClose={form.onClose}>
      <NameForm {...form} />
    </Dialog>
  );
}
