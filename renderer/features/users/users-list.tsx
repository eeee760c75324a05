import { Button } from '@mantine/core';
import { useState } from 'react';
import type { UserFilter } from '#shared/model/users';
import { EmptyState } from '../../ui/empty-state';
import { ErrorPanel } from '../../ui/error-panel';
import { formatCount, plural } from '../../ui/format';
import { Loading } from '../../ui/loading';
import { BulkBar } from './bulk-bar';
import { useUsers, useUsersOverview } from './queries';
import { isFiltered } from './users.logic';
import styles from './users.module.css';
import { UsersTable } from './users-table';
import { UsersToolbar } from './users-toolbar';
import { useUsersView } from './view-store';

interface UsersListProps {
  filter: UserFilter;
  total: number | undefined;
  opened: string | undefined;
  onOpen: (id: string) => void;
  onReload: () => void;
}

/** What the admin API can't do; nothing when the database is at hand. */
function Limits() {
  const overview = useUsersOverview();
  const limits = overview.data?.limits ?? [];
  if (limits.length === 0) return null;
  return (
    <details className={styles.limits}>
      <summary>Through the admin API only: with the database connection more is possible</summary>
      <ul>
        {limits.map((limit) => (
          <li key={limit}>{limit}</li>
        ))}
      </ul>
    </details>
  );
}

/** The list with everything that belongs to it: search, selection, further pages. */
export function UsersList({ filter, total, opened, onOpen, onReload }: UsersListProps) {
  const sort = useUsersView((view) => view.sort);
  const clear = useUsersView((view) => view.clear);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const users = useUsers(filter, sort);
  const rows = users.data?.pages.flatMap((page) => page.users) ?? [];
  const looked = users.data?.pages.reduce((sum, page) => sum + (page.looked ?? 0), 0) ?? 0;
  const more =
    users.hasNextPage && !users.isFetchingNextPage && !users.isFetchNextPageError
      ? () => void users.fetchNextPage()
      : undefined;
  const select = (ids: readonly string[], wanted: boolean) =>
    setSelected((before) => {
      const next = new Set(before);
      for (const id of ids)
        if (wanted) next.add(id);
        else next.delete(id);
      return next;
    });
  const filtered = isFiltered(filter);
  return (
    <section className={styles.list} aria-label="List of users">
      <UsersToolbar onReload={onReload} />
      {selected.size === 0 ? null : (
        <BulkBar
          filter={filter}
          sort={sort}
          selected={selected}
          onSelected={(ids) => setSelected(new Set(ids))}
        />
      )}
      <Limits />
      {users.isPending ? (
        <Loading>Reading users</Loading>
      ) : users.isError && rows.length === 0 ? (
        <ErrorPanel error={users.error} retry={() => void users.refetch()} />
      ) : rows.length === 0 && !users.hasNextPage ? (
        <EmptyState
          level={2}
          title={filtered ? 'Nobody fits' : 'There are no users yet'}
          action={filtered ? <Button onClick={clear}>Clear search and filters</Button> : undefined}
        >
          {filtered
            ? 'No user fits the search and the filters.'
            : 'Users come with the migration, by invitation, or when they sign up.'}
        </EmptyState>
      ) : (
        <UsersTable
          users={rows}
          total={total}
          opened={opened}
          onOpen={onOpen}
          selected={selected}
          onSelect={select}
          more={more}
        />
      )}
      {users.isFetchNextPageError ? (
        <ErrorPanel
          error={users.error}
          title="The next users could not be read"
          retry={() => void users.fetchNextPage()}
        />
      ) : null}
      {looked > 0 && users.hasNextPage ? (
        <div className={styles.more} role="status">
          {`${plural(rows.length, 'user')} found among the ${formatCount(looked)} looked through so far.`}
          <Button loading={users.isFetchingNextPage} onClick={() => void users.fetchNextPage()}>
            Look further
          </Button>
        </div>
      ) : null}
    </section>
  );
}
