import { Button } from '@mantine/core';
import { useState } from 'react';
import { type UserAction, type UserDetail, userLabel, userStateOf } from '#shared/model/users';
import { ConfirmDialog } from '../../ui/confirm-dialog';
import { ErrorPanel } from '../../ui/error-panel';
import { acknowledge } from '../../ui/toast';
import { BanDialog } from './ban-dialog';
import { DeleteDialog } from './delete-dialog';
import { EditDialog } from './edit-dialog';
import { LinkDialog } from './link-dialog';
import { PasswordDialog } from './password-dialog';
import { useSendMail, useUsersOverview } from './queries';
import styles from './users.module.css';

type Opened = 'edit' | 'password' | 'link' | 'ban' | 'signOut' | 'delete';

const tokensLive =
  'Tokens that were issued already stay valid until they expire, usually within an hour; a backend that checks them alone lets the user in until then.';

/** What can be done to a user; whatever can't be taken back is asked about first. */
export function UserActions({
  user,
  act,
  busy,
}: {
  user: UserDetail;
  act: (action: UserAction) => void;
  busy: boolean;
}) {
  const [opened, setOpened] = useState<Opened>();
  const overview = useUsersOverview();
  const send = useSendMail();
  const close = () => setOpened(undefined);
  const state = userStateOf(user, new Date());
  const label = userLabel(user);
  const { email } = user;
  const mailed = email !== undefined && state !== 'deleted';
  const mail = (kind: 'recovery' | 'magiclink') => {
    if (email === undefined) return;
    send.mutate(
      { email, kind },
      { onSuccess: () => acknowledge('The service took the order to send the mail.') },
    );
  };
  return (
    <>
      <div className={styles.buttons}>
        <Button onClick={() => setOpened('edit')} disabled={busy || state === 'deleted'}>
          Edit…
        </Button>
        {mailed && overview.data?.canSend === true ? (
          <>
            <Button loading={send.isPending} onClick={() => mail('recovery')}>
              Send password reset
            </Button>
            <Button loading={send.isPending} onClick={() => mail('magiclink')}>
              Send sign-in link
            </Button>
          </>
        ) : null}
        {mailed && overview.data?.canLink === true ? (
          <Button onClick={() => setOpened('link')}>Copy a link…</Button>
        ) : null}
        {state === 'unconfirmed' ? (
          <Button disabled={busy} onClick={() => act({ kind: 'confirm' })}>
            Confirm
          </Button>
        ) : null}
        <Button onClick={() => setOpened('password')} disabled={busy || state === 'deleted'}>
          Set password…
        </Button>
        <Button onClick={() => setOpened('signOut')} disabled={busy}>
          Sign out everywhere…
        </Button>
        {state === 'banned' ? (
          <Button disabled={busy} onClick={() => act({ kind: 'unban' })}>
            Unban
          </Button>
        ) : (
          <Button onClick={() => setOpened('ban')} disabled={busy}>
            Ban…
          </Button>
        )}
        <Button c="var(--bad)" onClick={() => setOpened('delete')} disabled={busy}>
          Delete…
        </Button>
      </div>
      {send.isError ? <ErrorPanel error={send.error} title="The mail was not sent" /> : null}
      <EditDialog user={user} opened={opened === 'edit'} onClose={close} act={act} />
      <PasswordDialog label={label} opened={opened === 'password'} onClose={close} act={act} />
      <LinkDialog email={email ?? ''} id={user.id} opened={opened === 'link'} onClose={close} />
      <BanDialog title={`Ban ${label}`} opened={opened === 'ban'} onClose={close} onBan={act} />
      <DeleteDialog user={user} opened={opened === 'delete'} onClose={close} act={act} />
      <ConfirmDialog
        title="Sign out everywhere"
        opened={opened === 'signOut'}
        onClose={close}
        onConfirm={() => act({ kind: 'signOut' })}
        confirm="Sign out"
      >
        {`All sessions of ${label} end. ${tokensLive}`}
      </ConfirmDialog>
    </>
  );
}
