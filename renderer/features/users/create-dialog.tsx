import { Button, Checkbox, PasswordInput, TextInput } from '@mantine/core';
import { useState } from 'react';
import { newUserSchema } from '#shared/model/users';
import { CopyButton } from '../../ui/copy-button';
import { Dialog } from '../../ui/dialog';
import { ErrorPanel } from '../../ui/error-panel';
import { acknowledge } from '../../ui/toast';
import { useCreateUser, useLink, useReload, useSendMail, useUsersOverview } from './queries';
import styles from './users.module.css';

interface NewUserProps {
  opened: boolean;
  onClose: () => void;
  onMade: (id: string) => void;
}

function CreateForm({ onClose, onMade }: NewUserProps) {
  const [email, setEmail] = useState('');
  const [phone, setPhone] = useState('');
  const [password, setPassword] = useState('');
  const [confirmed, setConfirmed] = useState(true);
  const create = useCreateUser();
  const user = newUserSchema.safeParse({
    confirmed,
    ...(email.trim() === '' ? {} : { email }),
    ...(phone.trim() === '' ? {} : { phone }),
    ...(password === '' ? {} : { password }),
  });
  const ready = user.success && (user.data.email !== undefined || user.data.phone !== undefined);
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (!ready) return;
        create.mutate(user.data, {
          onSuccess: ({ id }) => {
            onClose();
            onMade(id);
          },
        });
      }}
    >
      <TextInput
        label="E-mail"
        value={email}
        onChange={(event) => setEmail(event.currentTarget.value)}
        autoComplete="off"
        data-autofocus
      />
      <TextInput
        label="Phone"
        description="With its country: +49301234567"
        value={phone}
        onChange={(event) => setPhone(event.currentTarget.value)}
        autoComplete="off"
      />
      <PasswordInput
        label="Password"
        description="Without one the user comes in by a link."
        value={password}
        maxLength={72}
        onChange={(event) => setPassword(event.currentTarget.value)}
        autoComplete="new-password"
      />
      <Checkbox
        label="Address and number count as confirmed"
        checked={confirmed}
        onChange={(event) => setConfirmed(event.currentTarget.checked)}
      />
      {create.isError ? <ErrorPanel error={create.error} /> : null}
      <div className={styles.formButtons}>
        <Button onClick={onClose}>Back</Button>
        <Button type="submit" variant="filled" disabled={!ready} loading={create.isPending}>
          Create user
        </Button>
      </div>
    </form>
  );
}

/** Makes a user at once, without a mail. */
export function CreateDialog(props: NewUserProps) {
  return (
    <Dialog title="Create a user" opened={props.opened} onClose={props.onClose}>
      <CreateForm {...props} />
    </Dialog>
  );
}

function InviteForm({ onClose }: { onClose: () => void }) {
  const [email, setEmail] = useState('');
  const overview = useUsersOverview();
  const send = useSendMail();
  const link = useLink();
  const reload = useReload();
  const address = email.trim();
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        send.mutate(
          { email: address, kind: 'invite' },
          {
            onSuccess: () => {
              acknowledge(`${address} was invited.`);
              onClose();
            },
          },
        );
      }}
    >
      <TextInput
        label="E-mail"
        type="email"
        value={email}
        onChange={(event) => {
          setEmail(event.currentTarget.value);
          link.reset();
        }}
        autoComplete="off"
        required
        data-autofocus
      />
      <p className="t2">
        The Auth service sends a mail with a link. Its built-in sender does few mails an hour: for many
        invitations the project needs its own SMTP server. Or hand over a link by another way; whoever has it
        can sign in as the invited.
      </p>
      {send.isError ? <ErrorPanel error={send.error} /> : null}
      {link.isError ? <ErrorPanel error={link.error} /> : null}
      {link.data === undefined ? null : (
        <TextInput label="Link" value={link.data.url} readOnly classNames={{ input: 'mono' }} />
      )}
      <div className={styles.formButtons}>
        <Button onClick={onClose}>Back</Button>
        {link.data !== undefined ? (
          <CopyButton text={link.data.url}>Copy the link</CopyButton>
        ) : overview.data?.canLink === true ? (
          <Button
            disabled={address === ''}
            loading={link.isPending}
            onClick={() => link.mutate({ email: address, kind: 'invite' }, { onSuccess: reload })}
          >
            Make a link instead
          </Button>
        ) : null}
        <Button type="submit" variant="filled" disabled={address === ''} loading={send.isPending}>
          Send the invitation
        </Button>
      </div>
    </form>
  );
}

/** Invites an address by mail. */
export function InviteDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Dialog title="Invite a user" opened={opened} onClose={onClose}>
      <InviteForm onClose={onClose} />
    </Dialog>
  );
}
