import { useMantineColorScheme } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { isSettled, offersResume } from '#shared/model/run-view';
import { useActiveRun } from '../api/active-run';
import { workspaceQuery, workspacesQuery } from '../api/queries';
import { useTestAll } from '../features/connections/queries';
import { useRunControls, useSaveReport } from '../features/migration/queries';
import { useMigrationView } from '../features/migration/view-store';
import { useOpenWorkspace } from '../features/workspaces/queries';
import { useWorkspaceDialogs } from '../features/workspaces/workspace-dialogs';
import type { Command } from './commands.logic';
import { pages, subPages } from './pages';

function usePageCommands(): Command[] {
  const navigate = useNavigate();
  return [...pages, ...subPages].map(({ to, label }) => ({
    id: `page ${to}`,
    label: `Open ${label}`,
    group: 'Page',
    run: () => void navigate({ to }),
  }));
}

function useRunCommands(): Command[] {
  const navigate = useNavigate();
  const { id, view } = useActiveRun();
  const controls = useRunControls(id ?? '');
  const save = useSaveReport();
  const show = () => void navigate({ to: '/migration' });
  const start: Command = {
    id: 'start',
    label: 'Start migration',
    group: 'Migration',
    run: () => {
      useMigrationView.getState().prepare();
      show();
    },
  };
  if (id === undefined || view === undefined) return [start];
  const command = (name: string, label: string, run: () => void): Command => ({
    id: name,
    label,
    group: 'Migration',
    run,
  });
  const cancel = command('cancel', 'Cancel migration…', () => {
    useMigrationView.setState({ confirmCancel: true });
    show();
  });
  const reports = [
    command('report html', 'Save report as HTML', () => save.mutate({ runId: id, format: 'html' })),
    command('report json', 'Save report as JSON', () => save.mutate({ runId: id, format: 'json' })),
  ];
  if (!isSettled(view.state)) {
    const hold =
      view.state === 'paused'
        ? [command('continue', 'Continue migration', () => controls.continue.mutate())]
        : view.state === 'running'
          ? [command('pause', 'Pause migration', () => controls.pause.mutate())]
          : [];
    return [...hold, ...(view.state === 'cancelling' ? [] : [cancel]), ...reports];
  }
  const resume = offersResume(view)
    ? [command('resume', 'Resume migration', () => controls.resume.mutate())]
    : [];
  return [...resume, start, ...reports];
}

function useThemeCommands(): Command[] {
  const { setColorScheme } = useMantineColorScheme();
  return [
    {
      id: 'theme light',
      label: 'Use the light theme',
      group: 'Appearance',
      run: () => setColorScheme('light'),
    },
    { id: 'theme dark', label: 'Use the dark theme', group: 'Appearance', run: () => setColorScheme('dark') },
    {
      id: 'theme system',
      label: 'Use the system’s theme',
      group: 'Appearance',
      run: () => setColorScheme('auto'),
    },
  ];
}

function useWorkspaceCommands(): Command[] {
  const workspaces = useQuery(workspacesQuery);
  const open = useOpenWorkspace();
  const others = (workspaces.data ?? []).filter((workspace) => !workspace.open);
  return [
    ...others.map(({ path, name }) => ({
      id: `workspace ${path}`,
      label: `Open workspace ${name}`,
      group: 'Workspace',
      run: () => open.mutate({ path }),
    })),
    {
      id: 'workspace open',
      label: 'Open workspace folder…',
      group: 'Workspace',
      run: () => useWorkspaceDialogs.setState({ shown: 'open' }),
    },
    {
      id: 'workspace new',
      label: 'New workspace…',
      group: 'Workspace',
      run: () => useWorkspaceDialogs.setState({ shown: 'create' }),
    },
  ];
}

/** Every command that works now; without an open workspace only those that lead to one. */
export function useCommands(): Command[] {
  const workspace = useQuery(workspaceQuery);
  const navigate = useNavigate();
  const testAll = useTestAll();
  const pageCommands = usePageCommands();
  const runCommands = useRunCommands();
  const themeCommands = useThemeCommands();
  const workspaceCommands = useWorkspaceCommands();
  if (workspace.data == null || workspace.data.secrets.state !== 'open')
    return [...workspaceCommands, ...themeCommands];
  const test: Command = {
    id: 'test all',
    label: 'Test all connections',
    group: 'Connections',
    run: () => {
      testAll.run();
      void navigate({ to: '/connections' });
    },
  };
  return [...pageCommands, ...runCommands, test, ...themeCommands, ...workspaceCommands];
}
