import { Menu, UnstyledButton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import type { WorkspaceView } from '#shared/contract/workspaces';
import { workspacesQuery } from '../../api/queries';
import { Icon } from '../../ui/icon';
import { useOpenWorkspace } from './queries';
import { useWorkspaceDialogs } from './workspace-dialogs';

interface SwitcherProps {
  current: WorkspaceView;
  className: string | undefined;
  nameClassName: string | undefined;
}

/** Shows the open workspace; a menu opens another or makes a new one. */
export function WorkspaceSwitcher({ current, className, nameClassName }: SwitcherProps) {
  const workspaces = useQuery(workspacesQuery);
  const open = useOpenWorkspace();
  const navigate = useNavigate();
  return (
    <Menu position="bottom-start" width={260}>
      <Menu.Target>
        <UnstyledButton className={className ?? ''}>
          <span className="sr-only">Workspace</span>
          <span className={nameClassName}>
            <span>{current.name}</span>
            <small>{current.practice ? 'practice: throw-away services' : current.path}</small>
          </span>
          <Icon name="chevron" size={16} />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Workspaces</Menu.Label>
        {(workspaces.data ?? []).map((workspace) => (
          <Menu.Item
            key={workspace.path}
            aria-current={workspace.open}
            leftSection={
              workspace.open ? (
                <Icon name="check" size={16} />
              ) : (
                <span style={{ display: 'block', width: 16 }} />
              )
            }
            onClick={() => {
              if (!workspace.open)
                open.mutate({ path: workspace.path }, { onSuccess: () => void navigate({ to: '/' }) });
            }}
          >
            {workspace.name}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item onClick={() => useWorkspaceDialogs.setState({ shown: 'open' })}>Open folder…</Menu.Item>
        <Menu.Item onClick={() => useWorkspaceDialogs.setState({ shown: 'create' })}>
          New workspace…
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
