import { Button, Menu } from '@mantine/core';
import { useState } from 'react';
import type { BulkAction, UserFilter } from '#shared/model/users';
import { ErrorPanel } from '../../ui/error-panel';
import { plural } from '../../ui/format';
import { BanDialog } from './ban-dialog';
import { BulkDialog } from './bulk-dialog';
import { useSelectAll } from './queries';
import styles from './users.module.css';
import type { UsersSort } from './view-store';

interface BulkBarProps {
  filter: UserFilter;
  sort: UsersSort;
  selected: ReadonlySet<string>;
  onSelected: (ids: readonly string[]) => void;
}

/** What can be done to the users that are selected. */
export function BulkBar({ filter, sort, selected, onSelected }: BulkBarProps) {
  const [banning, setBanning] = useState(false);
  const [act, setAct] = useState<{ action: BulkAction; ids: readonly string[] }>();
  const all = useSelectAll(filter, sort);
  const begin = (action: BulkAction) => setAct({ action, ids: [...selected] });
  return (
    <div className={styles.bulk} role="group" aria-label="Selected users">
      <strong role="status">{`${plural(selected.size, 'user')} selected`}</strong>
      <Button loading={all.isPending} onClick={() => all.mutate(undefined, { onSuccess: onSelected })}>
        Select all that match
      </Button>
      <Menu position="bottom-start">
        <Menu.Target>
          <Button variant="filled">Act on them</Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => begin({ kind: 'confirm' })}>Confirm…</Menu.Item>
          <Menu.Item onClick={() => begin({ kind: 'signOut' })}>Sign out everywhere…</Menu.Item>
          <Menu.Item onClick={() => setBanning(true)}>Ban…</Menu.Item>
          <Menu.Item onClick={() => begin({ kind: 'unban' })}>Unban…</Menu.Item>
          <Menu.Item onClick={() => begin({ kind: 'delete', soft: true })}>Delete softly…</Menu.Item>
          <Menu.Item c="var(--bad)" onClick={() => begin({ kind: 'delete', soft: false })}>
            Delete…
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Button onClick={() => onSelected([])}>Clear the selection</Button>
      {all.isError ? <ErrorPanel error={all.error} title="Not all could be selected" /> : null}
      <BanDialog
        title={`Ban ${plural(selected.size, 'user')}`}
        opened={banning}
        onClose={() => setBanning(false)}
        onBan={begin}
      />
      {act === undefined ? null : (
        <BulkDialog
          action={act.action}
          ids={act.ids}
          onClose={() => setAct(undefined)}
          onEnd={(action, left) => {
            if (action.kind === 'delete') onSelected(left);
          }}
        />
      )}
    </div>
  );
}
