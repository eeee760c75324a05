import type { ReactNode } from 'react';
import { userLabel, type UserSummary } from '#shared/model/users';
import { formatDate, formatDateTime } from '../../ui/format';
import { Tag } from '../../ui/tag';
import { stateOf } from './users.logic';
import type { UsersSort } from './view-store';

export const columnIds = [
  'email',
  'state',
  'provider',
  'created',
  'lastSignIn',
  'name',
  'phone',
  'mfa',
  'migrated',
  'id',
] as const;
export type ColumnId = (typeof columnIds)[number];

export const usualColumns: readonly ColumnId[] = ['email', 'state', 'provider', 'created', 'lastSignIn'];

/** A column of the list. */
export interface UserColumn {
  header: string;
  /** A CSS grid track. */
  track: string;
  /** Present when the service can sort by it. */
  sort?: UsersSort['by'];
  mono?: boolean;
  cell: (user: UserSummary) => ReactNode;
}

/** A user's state as a tag. */
export function StateTag({ user }: { user: UserSummary }) {
  const { label, tone } = stateOf(user, new Date());
  return <Tag tone={tone}>{label}</Tag>;
}

/** The columns that the list can show. */
export const userColumns: Record<ColumnId, UserColumn> = {
  email: { header: 'Email', track: 'minmax(200px, 2fr)', sort: 'email', cell: userLabel },
  state: { header: 'Status', track: 'minmax(132px, 1fr)', cell: (user) => <StateTag user={user} /> },
  provider: {
    header: 'Provider',
    track: 'minmax(110px, 0.8fr)',
    cell: ({ providers }) => providers.join(', '),
  },
  created: {
    header: 'Created',
    track: 'minmax(120px, 0.9fr)',
    sort: 'created',
    cell: ({ createdAt }) => formatDate(createdAt ?? ''),
  },
  lastSignIn: {
    header: 'Last sign-in',
    track: 'minmax(170px, 1fr)',
    sort: 'lastSignIn',
    cell: ({ lastSignInAt }) => (lastSignInAt === undefined ? 'never' : formatDateTime(lastSignInAt)),
  },
  name: { header: 'Name', track: 'minmax(120px, 1fr)', cell: ({ name }) => name ?? '' },
  phone: {
    header: 'Phone',
    track: 'minmax(120px, 1fr)',
    cell: ({ phone }) => (phone === undefined ? '' : `+${phone}`),
  },
  mfa: { header: 'Second factor', track: '110px', cell: ({ mfa }) => (mfa ? 'yes' : 'no') },
  migrated: { header: 'Migrated', track: '90px', cell: ({ migrated }) => (migrated ? 'yes' : 'no') },
  id: { header: 'ID', track: 'minmax(280px, 1.4fr)', mono: true, cell: ({ id }) => id },
};
