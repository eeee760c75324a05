import { QueryClient } from '@tanstack/react-query';
import { toAppError, type AppError } from '#shared/model/errors';

declare module '@tanstack/react-query' {
  interface Register {
    /** The client rejects with nothing else. */
    defaultError: AppError;
  }
}

/** The page's cache. The host is near and tells of changes, so nothing is retried but what says that it may be. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 2000,
      networkMode: 'always',
      retry: (failures, error) => failures < 2 && toAppError(error).code === 'CONNECTION_LOST',
    },
    mutations: { networkMode: 'always', retry: false },
  },
});
