import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useState } from 'react';
import { linkKindSchema, type LinkKind } from '#shared/model/users';
import { CopyButton } from '../../ui/copy-button';
import { Dialog } from '../../ui/dialog';
import { ErrorPanel } from '../../ui/error-panel';
import { useLink } from './queries';
import styles from './users.module.css';

interface LinkProps {
  email: string;
  id: string;
  opened: boolean;
  onClose: () => void;
}

function LinkForm({ email, id, onClose }: LinkProps) {
  const [kind, setKind] = useState<LinkKind>('recovery');
  const link = useLink();
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        link.mutate({ email, id, kind });
      }}
    >
      <NativeSelect
        label="Kind"
        value={kind}
        onChange={(event) => {
          setKind(linkKindSchema.parse(event.currentTarget.value));
          link.reset();
        }}
        data={[
          { value: 'recovery', label: 'To set a new password' },
          { value: 'magiclink', label: 'To sign in once' },
        ]}
        data-autofocus
      />
      <p className="t2">
        Whoever has the link can sign in as {email}. It works once, and an earlier one ends. It is shown here
        only.
      </p>
      {link.isError ? <ErrorPanel error={link.error} /> : null}
      {link.data === undefined ? null : (
        <TextInput label="Link" value={link.data.url} readOnly classNames={{ input: 'mono' }} />
      )}
      <div className={styles.formButtons}>
        <Button onClick={onClose}>Close</Button>
        {link.data === undefined ? (
          <Button type="submit" variant="filled" loading={link.isPending}>
            Make the link
          </Button>
        ) : (
          <CopyButton text={link.data.url}>Copy the link</CopyButton>
        )}
      </div>
    </form>
  );
}

/** Makes a link to hand over by other ways than the service's mail. */
export function LinkDialog(props: LinkProps) {
  return (
    <Dialog title="Copy a link" opened={props.opened} onClose={props.onClose} size={520}>
      <LinkForm {...props} />
    </Dialog>
  );
}
