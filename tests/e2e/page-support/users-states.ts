import { AppError } from '#shared/model/errors';
import { situation } from './fixture-host';
import { halfSentResets, keptView, someUsers } from './fixture-users';
import type { PageState } from './page-state';

/** Users. */
export const usersStates: PageState[] = [
  {
    name: 'users',
    now: () => situation(),
    path: '/users',
    shows: 'maria.santos@example.com',
    act: async (page) => page.getByRole('button', { name: 'More filters' }).click(),
  },
  {
    name: 'users, views',
    now: () => situation({ users: someUsers({ views: [keptView] }) }),
    path: '/users',
    shows: 'Keep what is shown now as',
    act: async (page) => page.getByRole('button', { name: 'Views' }).click(),
  },
  {
    name: 'users, reset mails',
    now: () => situation({ users: someUsers({ resets: halfSentResets }) }),
    path: '/users',
    shows: 'Stop sending',
    act: async (page) => {
      await page.getByRole('button', { name: 'More', exact: true }).click();
      await page.getByRole('menuitem', { name: 'Reset mails…' }).click();
    },
  },
  {
    name: 'users, none',
    now: () => situation({ users: someUsers({ users: [] }) }),
    path: '/users',
    shows: 'There are no users yet',
  },
  {
    name: 'users, unreachable',
    now: () => situation({ users: new AppError('SUPABASE_AUTH_UNAVAILABLE', 'The Auth service is down.') }),
    path: '/users',
    shows: 'SUPABASE_AUTH_UNAVAILABLE',
  },
  {
    name: 'a user',
    now: () => situation(),
    path: '/users',
    shows: 'Second factors and passkeys',
    act: async (page) => page.getByText('maria.santos@example.com').click(),
  },
  {
    name: 'users, statistics',
    now: () => situation(),
    path: '/users',
    shows: 'Users by provider',
    act: async (page) => {
      await page.getByRole('button', { name: 'More', exact: true }).click();
      await page.getByRole('menuitem', { name: 'Statistics…' }).click();
    },
  },
];
