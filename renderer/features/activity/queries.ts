import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import type { ActivityArea } from '#shared/model/activity';
import { client } from '../../api/client';
import { keys } from '../../api/queries';

const pageSize = 100;

/** The newest entries first, page by page; asked again now and then, because other hosts write to the same log. */
export function useActivity(filter: { area: ActivityArea | undefined; text: string }) {
  return useInfiniteQuery({
    queryKey: [...keys.activity, filter],
    queryFn: ({ pageParam, signal }) =>
      client.call(
        'activity.list',
        {
          limit: pageSize,
          ...(filter.area === undefined ? {} : { areas: [filter.area] }),
          ...(filter.text === '' ? {} : { text: filter.text }),
          ...(pageParam === '' ? {} : { before: pageParam }),
        },
        { signal },
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
    refetchInterval: 10_000,
  });
}
