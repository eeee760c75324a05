import { emptyEnds, workspace } from './fixture-connections';
import { situation } from './fixture-host';
import { copyingRun, succeededRun } from './fixture-run';
import type { PageState } from './page-state';

/** The frame around the pages, the workspace and the overview. */
export const frameStates: PageState[] = [
  { name: 'first run', now: () => situation({ workspace: null }), path: '/', shows: 'Create a workspace' },
  {
    name: 'locked',
    now: () => situation({ workspace: { ...workspace, secrets: { kind: 'passphrase', state: 'locked' } } }),
    path: '/',
    shows: 'Enter the passphrase',
  },
  {
    name: 'new vault',
    now: () => situation({ workspace: { ...workspace, secrets: { kind: 'passphrase', state: 'new' } } }),
    path: '/',
    shows: 'Choose a passphrase',
  },
  {
    name: 'overview, empty',
    now: () => situation({ connections: emptyEnds() }),
    path: '/',
    shows: 'No run yet',
  },
  {
    name: 'overview, practice',
    now: () => situation({ workspace: { ...workspace, practice: true } }),
    path: '/',
    shows: 'Practice',
  },
  {
    name: 'overview, copying',
    now: () => situation({ runs: [copyingRun()] }),
    path: '/',
    shows: 'Copying, 41%',
  },
  {
    name: 'overview, moved',
    now: () => situation({ runs: [succeededRun()] }),
    path: '/',
    shows: 'moved and verified',
  },
  { name: 'unknown page', now: () => situation(), path: '/nowhere', shows: 'There is no such page' },
  {
    name: 'command palette',
    now: () => situation({ runs: [copyingRun()] }),
    path: '/',
    shows: 'Pause migration',
    act: async (page) => page.keyboard.press('Control+k'),
  },
  {
    name: 'workspace menu',
    now: () => situation(),
    path: '/',
    shows: 'Open folder…',
    act: async (page) => page.getByRole('button', { name: 'Workspace acme-shop' }).click(),
  },
  {
    name: 'theme menu',
    now: () => situation(),
    path: '/',
    shows: 'As the system',
    act: async (page) => page.getByRole('button', { name: /^Theme/ }).click(),
  },
];
