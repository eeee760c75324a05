import { Button, Menu } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { workspaceQuery } from '../../api/queries';
import { formatCount } from '../../ui/format';
import { PageHeader } from '../../ui/page-header';
import { SidePanelLayout } from '../../ui/side-panel';
import { CreateDialog, InviteDialog } from './create-dialog';
import { ExportDialog } from './export-dialog';
import { ImportDialog } from './import-dialog';
import { useReload, useUserCount, useUsersOverview } from './queries';
import { ResetsDialog } from './resets-dialog';
import { SearchIndexDialog } from './search-index-dialog';
import { StatsDialog } from './stats-dialog';
import { UserPanel } from './user-panel';
import { UsersList } from './users-list';
import { filterOf } from './users.logic';
import styles from './users.module.css';
import { useUsersView } from './view-store';

type Opened = 'create' | 'invite' | 'import' | 'export' | 'stats' | 'index' | 'resets';

function Users() {
  const { text, filter: rest } = useUsersView();
  const [sought] = useDebouncedValue(text, 250);
  const filter = filterOf(sought, rest);
  const [user, setUser] = useState<string>();
  const [opened, setOpened] = useState<Opened>();
  const overview = useUsersOverview();
  const count = useUserCount(filter);
  const reload = useReload();
  const close = () => setOpened(undefined);
  const total = count.data?.count;
  const usable = overview.isSuccess;
  return (
    <>
      <PageHeader
        title="Users"
        crumb={total === undefined ? undefined : formatCount(total)}
        actions={
          <>
            <Menu position="bottom-end">
              <Menu.Target>
                <Button disabled={!usable}>More</Button>
              </Menu.Target>
              <Menu.Dropdown>
                <Menu.Item onClick={() => setOpened('create')}>Create user…</Menu.Item>
                <Menu.Item onClick={() => setOpened('import')}>Import CSV…</Menu.Item>
                <Menu.Item onClick={() => setOpened('stats')}>Statistics…</Menu.Item>
                {overview.data?.searchIndex === undefined ? null : (
                  <Menu.Item onClick={() => setOpened('index')}>Quick search…</Menu.Item>
                )}
                {overview.data?.path === 'sql' && overview.data.canSend ? (
                  <Menu.Item onClick={() => setOpened('resets')}>Reset mails…</Menu.Item>
                ) : null}
              </Menu.Dropdown>
            </Menu>
            <Button disabled={!usable} onClick={() => setOpened('export')}>
              Export
            </Button>
            <Button
              variant="filled"
              disabled={overview.data?.canSend !== true}
              onClick={() => setOpened('invite')}
            >
              Invite user
            </Button>
          </>
        }
      />
      <div className={styles.page}>
        <SidePanelLayout>
          <UsersList filter={filter} total={total} opened={user} onOpen={setUser} onReload={reload} />
          {user === undefined ? null : <UserPanel id={user} onClose={() => setUser(undefined)} />}
        </SidePanelLayout>
      </div>
      <CreateDialog opened={opened === 'create'} onClose={close} onMade={setUser} />
      <InviteDialog opened={opened === 'invite'} onClose={close} />
      <ImportDialog opened={opened === 'import'} onClose={close} />
      <ExportDialog filter={filter} opened={opened === 'export'} onClose={close} />
      <StatsDialog opened={opened === 'stats'} onClose={close} />
      <ResetsDialog opened={opened === 'resets'} onClose={close} />
      <SearchIndexDialog opened={opened === 'index'} onClose={close} />
    </>
  );
}

/** The users of the project: found, looked at, changed. */
export function UsersPage() {
  const workspace = useQuery(workspaceQuery);
  // What is selected and open belongs to one workspace.
  return <Users key={workspace.data?.path ?? ''} />;
}
