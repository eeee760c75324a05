import { connectedEnds, emptyEnds, failedTest } from './fixture-connections';
import { failure, situation } from './fixture-host';
import type { PageState } from './page-state';

const withFailures = () =>
  connectedEnds().map((connection) => {
    if (connection.end === 'sourceDatabase')
      return {
        ...connection,
        lastTest: failedTest(
          'sourceDatabase',
          failure('DATABASE_AUTH_FAILED', 'The password was refused.'),
          'SOURCE_DATABASE_URL',
        ),
      };
    if (connection.end === 'easypanel')
      return {
        ...connection,
        lastTest: failedTest('easypanel', failure('SSH_HOST_KEY_CHANGED', 'The host shows another key.')),
      };
    if (connection.end === 'r2')
      return {
        ...connection,
        settings: connection.settings.map((setting) => ({
          ...setting,
          set: true,
          origin: 'environment' as const,
        })),
      };
    return connection;
  });

/** Connections and their import. */
export const connectionsStates: PageState[] = [
  { name: 'connections', now: () => situation(), path: '/connections', shows: '5 of 5 reachable' },
  {
    name: 'connections, empty',
    now: () => situation({ connections: emptyEnds() }),
    path: '/connections',
    shows: 'Not set up',
  },
  {
    name: 'connections, failing',
    now: () => situation({ connections: withFailures() }),
    path: '/connections',
    shows: 'The host shows another key',
  },
  {
    name: 'import',
    now: () =>
      situation({
        imported: {
          filled: [{ setting: 'SOURCE_DATABASE_URL', from: 'DATABASE_URL' }],
          notFilled: [{ setting: 'SUPABASE_URL', reason: 'No variable names it.' }],
          ignored: [{ name: 'line 3', reason: 'No name.' }],
        },
      }),
    path: '/connections',
    shows: 'Will be filled (1)',
    act: async (page) => {
      await page.getByRole('button', { name: 'Import…' }).click();
      await page
        .getByRole('textbox', { name: 'Text of the .env file' })
        .fill('DATABASE_URL=postgresql://shop@db/shop');
      await page.getByRole('button', { name: 'Preview' }).click();
    },
  },
];
