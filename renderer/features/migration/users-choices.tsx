import { NativeSelect } from '@mantine/core';
import type { InspectReport } from '#shared/contract/migration';
import type { UsersMapping } from '#shared/model/users-mapping';
import { Card } from '../../ui/card';
import styles from './migration.module.css';
import { usersChoices } from './users.logic';

/** What becomes of users who do not fit as they are; each choice inspects and plans anew. */
export function UsersChoices({
  users,
  busy,
  save,
}: {
  users: NonNullable<InspectReport['users']>;
  busy: boolean;
  save: (mapping: UsersMapping) => void;
}) {
  return (
    <Card title="Choices for the users" padded>
      <div className={styles.usersChoices}>
        {usersChoices(users).map(({ label, value, options, choose }) => (
          <NativeSelect
            key={label}
            label={label}
            data={options.map((option) => ({ ...option }))}
            value={value}
            disabled={busy}
            onChange={(event) => {
              const choices = choose(event.currentTarget.value);
              if (choices !== undefined) save({ ...users.mapping, choices });
            }}
          />
        ))}
      </div>
    </Card>
  );
}
