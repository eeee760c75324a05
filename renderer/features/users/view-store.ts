import { create } from 'zustand';
import type { SavedView, UserFilter, userSorts } from '#shared/model/users';
import { columnIds, usualColumns, type ColumnId } from './columns';

export interface UsersSort {
  by: (typeof userSorts)[number];
  descending: boolean;
}

interface UsersView {
  text: string;
  /** Everything but the text, which is looked for only when the operator pauses. */
  filter: Omit<UserFilter, 'text'>;
  sort: UsersSort;
  columns: readonly ColumnId[];
  setText: (text: string) => void;
  setFilter: (change: Partial<UserFilter>) => void;
  sortBy: (by: UsersSort['by']) => void;
  setColumns: (columns: readonly ColumnId[]) => void;
  clear: () => void;
  /** Shows the list as a view says. */
  apply: (view: Omit<SavedView, 'name'>) => void;
}

const newestFirst: UsersSort = { by: 'created', descending: true };

/** Which users the page lists, and how. */
export const useUsersView = create<UsersView>((set) => ({
  text: '',
  filter: {},
  sort: newestFirst,
  columns: usualColumns,
  setText: (text) => set({ text }),
  setFilter: (change) => set(({ filter }) => ({ filter: { ...filter, ...change } })),
  sortBy: (by) =>
    set(({ sort }) => ({
      sort: { by, descending: sort.by === by ? !sort.descending : by !== 'email' },
    })),
  setColumns: (columns) => set({ columns }),
  clear: () => set({ text: '', filter: {} }),
  apply: ({ text, filter, sort, columns }) => {
    const known = columnIds.filter((id) => id === 'email' || columns.includes(id));
    set({ text, filter, sort, columns: known });
  },
}));
