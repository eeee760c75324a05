import {
  type InfiniteData,
  keepPreviousData,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query';
import type { UserOutcome, UsersPage } from '#shared/contract/users';
import type { LinkKind, NewUser, SavedView, UserAction, UserDetail, UserFilter } from '#shared/model/users';
import { client } from '../../api/client';
import { keys } from '../../api/queries';
import type { UsersSort } from './view-store';

/** Users that one request asks for. */
const pageSize = 200;
/** Users that can be acted on at once. */
const selectable = 100_000;

const own = {
  lists: ['users', 'list'],
  counts: ['users', 'count'],
  overview: ['users', 'overview'],
  stats: ['users', 'stats'],
  resets: ['users', 'resets'],
  views: ['users', 'views'],
  user: (id: string) => ['users', 'one', id],
} as const;

export function useUsersOverview() {
  return useQuery({
    queryKey: own.overview,
    queryFn: ({ signal }) => client.call('users.overview', {}, { signal }),
    staleTime: 30_000,
  });
}

/** The users that fit, page by page, from a place in the list and not by page numbers. */
export function useUsers(filter: UserFilter, sort: UsersSort) {
  return useInfiniteQuery({
    queryKey: [...own.lists, filter, sort],
    queryFn: ({ pageParam, signal }) =>
      client.call(
        'users.list',
        { filter, sort, limit: pageSize, ...(pageParam === '' ? {} : { cursor: pageParam }) },
        { signal },
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
    // Acts change the rows that they touch; to read all pages again would be slow.
    staleTime: 60_000,
  });
}

export function useUserCount(filter: UserFilter) {
  return useQuery({
    queryKey: [...own.counts, filter],
    queryFn: ({ signal }) => client.call('users.count', { filter }, { signal }),
    placeholderData: keepPreviousData,
    staleTime: 30_000,
  });
}

export function useUser(id: string) {
  return useQuery({
    queryKey: own.user(id),
    queryFn: ({ signal }) => client.call('users.get', { id }, { signal }),
  });
}

/** What the service recorded about a user; asked for only when it is wanted, because the log has no index. */
export function useAudit(id: string, wanted: boolean) {
  return useQuery({
    queryKey: [...own.user(id), 'audit'],
    queryFn: ({ signal }) => client.call('users.audit', { id }, { signal }),
    enabled: wanted,
  });
}

/** What a hard delete would meet. */
export function useReferences(id: string, wanted: boolean) {
  return useQuery({
    queryKey: [...own.user(id), 'references'],
    queryFn: ({ signal }) => client.call('users.references', { id }, { signal }),
    enabled: wanted,
    staleTime: 0,
  });
}

export function useStats(days: number) {
  return useQuery({
    queryKey: [...own.stats, days],
    queryFn: ({ signal }) => client.call('users.stats', { days }, { signal }),
    staleTime: 60_000,
  });
}

type Pages = InfiniteData<UsersPage, string>;

/** Puts a user as it is now into every list that shows it; undefined takes it out. */
function useReplace() {
  const queryClient = useQueryClient();
  return (id: string, user: UserDetail | undefined) => {
    queryClient.setQueriesData<Pages>({ queryKey: own.lists }, (data) =>
      data === undefined
        ? data
        : {
            ...data,
            pages: data.pages.map((page) => ({
              ...page,
              users: page.users.flatMap((item) =>
                item.id !== id ? [item] : user === undefined ? [] : [user],
              ),
            })),
          },
    );
    if (user === undefined) queryClient.removeQueries({ queryKey: own.user(id) });
    else queryClient.setQueryData(own.user(id), user);
    void queryClient.invalidateQueries({ queryKey: own.counts });
    void queryClient.invalidateQueries({ queryKey: keys.activity });
  };
}

/** Does something to one user; afterwards the page shows the user as it really is, whether the act was done or not. */
export function useAct(id: string) {
  const replace = useReplace();
  return useMutation({
    mutationKey: ['users.act', id],
    mutationFn: async (action: UserAction): Promise<UserOutcome> => {
      const outcome = await client.call('users.act', { id, action });
      const gone = action.kind === 'delete' && !action.soft;
      replace(id, gone ? undefined : await client.call('users.get', { id }));
      return outcome;
    },
    onError: async () => {
      const now = await client.call('users.get', { id }).catch(() => undefined);
      if (now !== undefined) replace(id, now);
    },
  });
}

/** Reads lists, counts and figures again: users came or went. */
export function useReload() {
  const queryClient = useQueryClient();
  return () => {
    void queryClient.resetQueries({ queryKey: own.lists });
    void queryClient.invalidateQueries({ queryKey: own.counts });
    void queryClient.invalidateQueries({ queryKey: own.stats });
    void queryClient.invalidateQueries({ queryKey: own.overview });
    void queryClient.invalidateQueries({ queryKey: keys.activity });
  };
}

export function useCreateUser() {
  const reload = useReload();
  return useMutation({
    mutationFn: (user: NewUser) => client.call('users.create', user),
    onSuccess: reload,
  });
}

/** Asks the service to send a mail. */
export function useSendMail() {
  const reload = useReload();
  return useMutation({
    mutationFn: (input: { email: string; kind: LinkKind }) => client.call('users.send', input),
    onSuccess: (_outcome, { kind }) => {
      if (kind === 'invite') reload();
    },
  });
}

/** The link is kept in this mutation only, and goes with the dialog. */
export function useLink() {
  return useMutation({
    mutationFn: (input: { email: string; id?: string; kind: LinkKind }) => client.call('users.link', input),
    gcTime: 0,
  });
}

/** The views that operators keep in the workspace. */
export function useSavedViews() {
  return useQuery({
    queryKey: own.views,
    queryFn: ({ signal }) => client.call('users.views', {}, { signal }),
  });
}

/** Keeps a view, or deletes the one of a name. */
export function useChangeViews() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (change: SavedView | { delete: string }) =>
      'delete' in change
        ? client.call('users.deleteView', { name: change.delete })
        : client.call('users.saveView', change),
    onSuccess: (views) => queryClient.setQueryData(own.views, views),
  });
}

/** How far the mails for new passwords have come; looked at again while some are being sent. */
export function useResets() {
  return useQuery({
    queryKey: own.resets,
    queryFn: ({ signal }) => client.call('users.resets', {}, { signal }),
    refetchInterval: ({ state }) => (state.data?.run?.running === true ? 2_000 : false),
    staleTime: 0,
  });
}

/** Starts sending mails at a pace, or stops it. */
export function useSendResets() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (act: { perHour: number } | 'stop') =>
      act === 'stop' ? client.call('users.stopResets', {}) : client.call('users.startResets', act),
    onSuccess: (state) => queryClient.setQueryData(own.resets, state),
    onSettled: () => void queryClient.invalidateQueries({ queryKey: keys.activity }),
  });
}

export function useSearchIndex() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (act: 'create' | 'drop') => client.call('users.searchIndex', { act }),
    onSettled: () => {
      void queryClient.invalidateQueries({ queryKey: own.overview });
      void queryClient.invalidateQueries({ queryKey: keys.activity });
    },
  });
}

/** The ids of everybody who fits, up to what can be acted on at once. */
export function useSelectAll(filter: UserFilter, sort: UsersSort) {
  return useMutation({
    mutationFn: async () => {
      const ids: string[] = [];
      let cursor: string | undefined;
      do {
        const page: UsersPage = await client.call('users.list', {
          filter,
          sort,
          limit: 1000,
          ...(cursor === undefined ? {} : { cursor }),
        });
        ids.push(...page.users.map((user) => user.id));
        cursor = page.next;
      } while (cursor !== undefined && ids.length < selectable);
      return ids.slice(0, selectable);
    },
  });
}
