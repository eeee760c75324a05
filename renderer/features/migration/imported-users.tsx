import { Button } from '@mantine/core';
import type { RunView } from '#shared/model/run';
import { describeDelta, type UserDelta } from '#shared/model/users-report';
import { Card } from '../../ui/card';
import { ErrorPanel } from '../../ui/error-panel';
import { formatCount } from '../../ui/format';
import { Notice } from '../../ui/notice';
import styles from './migration.module.css';
import { useCarryUsers } from './queries';
import { TrySignIn } from './try-sign-in';

function Delta({ delta }: { delta: UserDelta }) {
  const { carried, left, limit } = describeDelta(delta);
  return (
    <>
      <ul className={styles.changes} aria-label={delta.applied ? 'Carried over' : 'To carry over'}>
        {[...carried.filter(({ users }) => users > 0), ...left].map(({ users, what }) => (
          <li key={what}>
            <span className="break">{`${formatCount(users)} ${what}`}</span>
          </li>
        ))}
      </ul>
      {limit === undefined ? null : <p className="t2">{limit}</p>}
    </>
  );
}

/** Who signed up at the application and what changed there since its users were imported. */
function CarryUsers() {
  const carry = useCarryUsers();
  const found = carry.data;
  const open =
    found?.applied === false ? describeDelta(found).carried.reduce((sum, { users }) => sum + users, 0) : 0;
  const busy = carry.isPending;
  return (
    <Card title="Changes since the import" padded>
      <p className="t2">
        While the application still runs, people sign up and change their passwords there. Carry that over
        before the cutover, as often as you like. What was changed at Supabase as well stays as it is there.
      </p>
      {carry.isError ? <ErrorPanel error={carry.error} /> : null}
      {found === undefined || busy ? null : found.applied ? (
        <Notice title="Carried over">
          <Delta delta={found} />
        </Notice>
      ) : (
        <>
          {open === 0 ? <p>Nothing is to be carried over.</p> : null}
          <Delta delta={found} />
        </>
      )}
      <div className={styles.startBar}>
        <Button loading={busy} onClick={() => carry.mutate(false)}>
          {found === undefined ? 'Look for changes' : 'Look again'}
        </Button>
        {open === 0 || busy ? null : (
          <Button variant="filled" onClick={() => carry.mutate(true)}>
            {`Carry over ${formatCount(open)}`}
          </Button>
        )}
      </div>
    </Card>
  );
}

/** What can be done with users once a run has imported them. */
export function ImportedUsers({ view }: { view: RunView }) {
  const imported = view.steps.some(
    (step) => step.lane === 'users' && ['done', 'verified', 'differs'].includes(step.state),
  );
  if (!imported) return null;
  return (
    <>
      <TrySignIn />
      <CarryUsers />
    </>
  );
}
