import { Button } from '@mantine/core';
import { useState } from 'react';
import { foreverHours, userLabel, type UserAction, type UserDetail } from '#shared/model/users';
import { ErrorPanel } from '../../ui/error-panel';
import { Facts } from '../../ui/facts';
import { formatDateTime } from '../../ui/format';
import { Loading } from '../../ui/loading';
import { Notice } from '../../ui/notice';
import { SidePanel, SidePanelSection } from '../../ui/side-panel';
import { Tag } from '../../ui/tag';
import { StateTag } from './columns';
import { useAct, useAudit, useUser } from './queries';
import { UserActions } from './user-actions';
import styles from './users.module.css';

const when = (moment: string | undefined): string =>
  moment === undefined ? 'never' : formatDateTime(moment);

function banEnd(bannedUntil: string): string {
  // The longest ban of the service is so long that nobody means its end.
  const years = (Date.parse(bannedUntil) - Date.now()) / 3_600_000 / foreverHours;
  return years > 0.5 ? 'for good' : formatDateTime(bannedUntil);
}

function factsOf(user: UserDetail): { label: string; value: string }[] {
  const optional = (label: string, value: string | undefined) =>
    value === undefined ? [] : [{ label, value }];
  return [
    { label: 'User ID', value: user.id },
    ...optional('Name', user.name),
    ...optional('Phone', user.phone === undefined ? undefined : `+${user.phone}`),
    { label: 'Created', value: when(user.createdAt) },
    { label: 'Last sign-in', value: when(user.lastSignInAt) },
    {
      label: 'E-mail confirmed',
      value: user.emailConfirmedAt === undefined ? 'no' : when(user.emailConfirmedAt),
    },
    ...optional('Invited', user.invitedAt === undefined ? undefined : when(user.invitedAt)),
    ...optional('Banned until', user.bannedUntil === undefined ? undefined : banEnd(user.bannedUntil)),
    ...optional('Deleted softly', user.deletedAt === undefined ? undefined : when(user.deletedAt)),
    ...optional('Password', user.hasPassword === undefined ? undefined : user.hasPassword ? 'set' : 'none'),
    {
      label: 'Sessions',
      value: user.sessions === undefined ? 'not visible through the API' : String(user.sessions.length),
    },
  ];
}

function Metadata({ title, value }: { title: string; value: UserDetail['userMetadata'] }) {
  return (
    <SidePanelSection title={title}>
      {Object.keys(value).length === 0 ? (
        <p className="muted">None</p>
      ) : (
        <pre className={styles.json} tabIndex={0} aria-label={title}>
          {JSON.stringify(value, null, 2)}
        </pre>
      )}
    </SidePanelSection>
  );
}

/** Ways to prove who one is, each with a button that takes it away. */
function Proofs({ user, act, busy }: { user: UserDetail; act: (action: UserAction) => void; busy: boolean }) {
  if (user.factors.length === 0 && user.passkeys.length === 0) return null;
  return (
    <SidePanelSection title="Second factors and passkeys">
      <ul className={styles.items}>
        {user.factors.map((factor) => (
          <li key={factor.id}>
            <span className="break">{`${factor.name ?? 'Authenticator'} (${factor.type}, ${factor.status})`}</span>
            <Button
              disabled={busy}
              aria-label={`Remove factor ${factor.name ?? factor.id}`}
              onClick={() => act({ kind: 'removeFactor', factorId: factor.id })}
            >
              Remove
            </Button>
          </li>
        ))}
        {user.passkeys.map((passkey) => (
          <li key={passkey.id}>
            <span className="break">{`${passkey.name ?? 'Passkey'} (passkey)`}</span>
            <Button
              disabled={busy}
              aria-label={`Remove passkey ${passkey.name ?? passkey.id}`}
              onClick={() => act({ kind: 'removePasskey', passkeyId: passkey.id })}
            >
              Remove
            </Button>
          </li>
        ))}
      </ul>
    </SidePanelSection>
  );
}

function Identities({ user }: { user: UserDetail }) {
  if (user.identities.length === 0) return null;
  return (
    <SidePanelSection title="Identities">
      <ul className={styles.entries}>
        {user.identities.map(({ provider, providerId, email, lastSignInAt }) => (
          <li key={`${provider} ${providerId}`}>
            <strong>{provider}</strong>
            <span className="t2 break">{email ?? providerId}</span>
            <span className="muted">{lastSignInAt === undefined ? '' : when(lastSignInAt)}</span>
          </li>
        ))}
      </ul>
    </SidePanelSection>
  );
}

function Sessions({ user }: { user: UserDetail }) {
  if (user.sessions === undefined || user.sessions.length === 0) return null;
  return (
    <SidePanelSection title="Sessions">
      <ul className={styles.entries}>
        {user.sessions.map(({ id, createdAt, refreshedAt, userAgent, ip }) => (
          <li key={id}>
            <span className="break">{userAgent ?? 'Unknown client'}</span>
            <span className="t2">{ip ?? ''}</span>
            <span className="muted">{when(refreshedAt ?? createdAt)}</span>
          </li>
        ))}
      </ul>
    </SidePanelSection>
  );
}

function Audit({ id }: { id: string }) {
  const [wanted, setWanted] = useState(false);
  const audit = useAudit(id, wanted);
  return (
    <SidePanelSection title="Audit entries of the Auth service">
      {!wanted ? (
        <div>
          <Button onClick={() => setWanted(true)}>Show</Button>
        </div>
      ) : audit.isPending ? (
        <Loading>Reading the audit log</Loading>
      ) : audit.isError ? (
        <ErrorPanel error={audit.error} retry={() => void audit.refetch()} />
      ) : (
        <>
          {audit.data.note === undefined ? null : <p className="t2">{audit.data.note}</p>}
          {audit.data.entries.length === 0 ? <p className="muted">None</p> : null}
          <ul className={styles.entries}>
            {audit.data.entries.map(({ id: entry, at, action, by, ip }) => (
              <li key={entry}>
                <span className="mono break">{action}</span>
                <span className="t2 break">{by ?? ip ?? ''}</span>
                <span className="muted">{when(at)}</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </SidePanelSection>
  );
}

function Content({ user, onGone }: { user: UserDetail; onGone: () => void }) {
  const act = useAct(user.id);
  const perform = (action: UserAction) =>
    act.mutate(action, {
      onSuccess: () => {
        if (action.kind === 'delete' && !action.soft) onGone();
      },
    });
  const done = act.data;
  return (
    <>
      <div className={styles.tags}>
        <StateTag user={user} />
        {user.providers.map((provider) => (
          <Tag key={provider} tone="idle">
            {provider}
          </Tag>
        ))}
        {user.migrated ? <Tag tone="idle">migrated</Tag> : null}
        {user.mfa ? <Tag tone="idle">second factor</Tag> : null}
      </div>
      <Facts items={factsOf(user)} />
      <UserActions user={user} act={perform} busy={act.isPending} />
      {act.isError ? <ErrorPanel error={act.error} title="This was not done" /> : null}
      {done === undefined ? null : (
        <Notice title={done.status === 'done' ? 'Done' : 'It was so already'}>
          {done.note ?? 'The user is as you wanted.'}
        </Notice>
      )}
      <Identities user={user} />
      <Proofs user={user} act={perform} busy={act.isPending} />
      <Sessions user={user} />
      <Metadata title="User metadata" value={user.userMetadata} />
      <Metadata title="App metadata" value={user.appMetadata} />
      <Audit id={user.id} />
      <p className="muted">Every action here is written to Activity.</p>
    </>
  );
}

/** Everything about one user, and what can be done. */
export function UserPanel({ id, onClose }: { id: string; onClose: () => void }) {
  const user = useUser(id);
  return (
    <SidePanel title={user.data === undefined ? 'User' : userLabel(user.data)} onClose={onClose}>
      {user.isPending ? (
        <Loading>Reading the user</Loading>
      ) : user.isError ? (
        <ErrorPanel error={user.error} retry={() => void user.refetch()} />
      ) : (
        <Content key={id} user={user.data} onGone={onClose} />
      )}
    </SidePanel>
  );
}
