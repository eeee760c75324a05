import { Button } from '@mantine/core';
import { useState } from 'react';
import type { InspectReport } from '#shared/contract/migration';
import type { UserSample } from '#shared/model/users-report';
import { Card } from '../../ui/card';
import { CopyButton } from '../../ui/copy-button';
import { DataTable, type DataColumn } from '../../ui/data-table';
import { ErrorPanel } from '../../ui/error-panel';
import { Facts } from '../../ui/facts';
import { formatCount, plural } from '../../ui/format';
import { MappingDialog } from './mapping-dialog';
import styles from './migration.module.css';
import { useMapUsers } from './queries';
import { UsersChoices } from './users-choices';
import { hashFacts, keepInstead, mappingRows, type MappingRow } from './users.logic';

type Users = NonNullable<InspectReport['users']>;

const mappingColumns: readonly DataColumn<MappingRow>[] = [
  { id: 'table', header: 'Table', value: (row) => row.table, track: 'minmax(120px, 0.8fr)', mono: true },
  { id: 'part', header: 'Becomes', value: (row) => row.part, track: 'minmax(120px, 0.8fr)' },
  { id: 'from', header: 'Taken from', value: (row) => row.from, track: 'minmax(160px, 1.4fr)', mono: true },
];

const sampleColumns: readonly DataColumn<UserSample>[] = [
  { id: 'id', header: 'Id', value: (user) => user.id, track: 'minmax(90px, 0.8fr)', mono: true },
  { id: 'email', header: 'E-mail', value: (user) => user.email, track: 'minmax(120px, 1fr)' },
  { id: 'phone', header: 'Phone', value: (user) => user.phone, track: '80px' },
  {
    id: 'password',
    header: 'Password',
    value: (user) => user.password,
    track: 'minmax(110px, 0.8fr)',
    mono: true,
  },
  {
    id: 'state',
    header: 'State',
    value: (user) => `${user.verified ? 'verified' : 'unverified'}${user.inactive ? ', inactive' : ''}`,
    track: 'minmax(110px, 0.8fr)',
  },
  { id: 'createdAt', header: 'Made on', value: (user) => user.createdAt, track: '100px' },
  {
    id: 'metadata',
    header: 'Metadata',
    value: (user) =>
      Object.entries({ ...user.userMetadata, ...user.appMetadata })
        .map(([key, value]) => `${key}: ${value}`)
        .join(', '),
    track: 'minmax(140px, 1.2fr)',
  },
];

/** Counts of the users, and how their passwords and ids fare. */
export function UsersFacts({ users }: { users: Users }) {
  const left = Object.values(users.exceptions).reduce((sum, count) => sum + count, 0);
  return (
    <Card title="Users" padded>
      <Facts
        items={[
          { label: 'Table', value: users.table },
          { label: 'Users', value: formatCount(users.count) },
          ...hashFacts(users.hashes),
          { label: 'Unverified', value: formatCount(users.unverified) },
          { label: 'Inactive', value: formatCount(users.inactive) },
          { label: 'Not as they stand', value: formatCount(left) },
          ...users.ids.map((one) => ({
            label: users.ids.length === 1 ? 'Ids' : `Ids of ${one.table}`,
            value: one.kept ? `${one.type}, kept` : `${one.type}, each gets a uuid`,
          })),
        ]}
      />
    </Card>
  );
}

function Disputes({ users, busy, keep }: { users: Users; busy: boolean; keep: (ref: string) => void }) {
  return (
    <Card title="Same address or number" right={plural(users.disputes.length, 'proposal')} padded>
      <ul className={styles.points}>
        {users.disputes.map(({ keep: kept, why, others }) => (
          <li key={kept.ref}>
            <div className="break">
              {kept.address}: <span className="mono">{kept.ref}</span> keeps it: {why}.
              {others.map((other) => (
                <div key={other.ref} className="t2">
                  Not <span className="mono">{other.ref}</span>
                  {other.lastSignIn === '' ? '' : `, last signed in ${other.lastSignIn}`}
                  {other.createdAt === '' ? '' : `, made ${other.createdAt}`}{' '}
                  <Button size="compact-xs" disabled={busy} onClick={() => keep(other.ref)}>
                    Keep {other.ref} instead
                  </Button>
                </div>
              ))}
            </div>
          </li>
        ))}
      </ul>
    </Card>
  );
}

/** SQL by which people who sign up later get a row in the application's table as well. */
function ProfileTrigger({ table, sql, obstacles }: Users['profileTriggers'][number]) {
  return (
    <Card
      title={`Rows of ${table} for people who sign up later`}
      right={<CopyButton text={sql}>Copy the SQL</CopyButton>}
      padded
    >
      <div className="t2 break">
        A sign-up at Supabase Auth makes a user there and no row in {table}. Where the application needs one,
        run this on the target after the move; Cutover does not. Imported users have their rows already.
      </div>
      {obstacles.length === 0 ? null : (
        <p role="note">
          {`First give ${obstacles.length === 1 ? 'a default to the column' : 'defaults to the columns'} ${obstacles.join(', ')}: without, every sign-up would fail.`}
        </p>
      )}
      <pre className={styles.sql} tabIndex={0} aria-label={`SQL for rows of ${table}`}>
        {sql}
      </pre>
    </Card>
  );
}

/** How the users are read, with masked samples, and what an operator can change about it before the copy. */
export function UsersMappingView({ users }: { users: Users }) {
  const [editing, setEditing] = useState(false);
  const save = useMapUsers();
  return (
    <>
      <Card
        title="How users are read"
        right={
          <div className={styles.startBar}>
            <span className="t2">{users.chosen ? 'chosen by you' : 'found by Cutover'}</span>
            {users.chosen ? (
              <Button size="compact-sm" loading={save.isPending} onClick={() => save.mutate(null)}>
                Use what Cutover finds
              </Button>
            ) : null}
            <Button size="compact-sm" onClick={() => setEditing(true)}>
              Change…
            </Button>
          </div>
        }
      >
        {save.isError ? <ErrorPanel error={save.error} /> : null}
        <DataTable
          label="How users are read"
          columns={mappingColumns}
          rows={mappingRows(users.mapping)}
          rowId={(row) => row.id}
          maxHeight={300}
          wrap
        />
        {users.samples.map(({ table, users: samples }) => (
          <DataTable
            key={table}
            label={`Masked samples of ${table}`}
            columns={sampleColumns}
            rows={samples}
            rowId={(user) => user.id}
            minWidth={820}
            maxHeight={230}
          />
        ))}
      </Card>
      <UsersChoices users={users} busy={save.isPending} save={save.mutate} />
      {users.disputes.length === 0 ? null : (
        <Disputes
          users={users}
          busy={save.isPending}
          keep={(ref) => save.mutate(keepInstead(users.mapping, users.disputes, ref))}
        />
      )}
      {users.profileTriggers.map((trigger) => (
        <ProfileTrigger key={trigger.table} {...trigger} />
      ))}
      {editing ? <MappingDialog users={users} onClose={() => setEditing(false)} /> : null}
    </>
  );
}
