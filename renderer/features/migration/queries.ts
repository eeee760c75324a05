import { AppError } from '#shared/model/errors';
import { skipToken, useMutation, useMutationState, useQuery, useQueryClient } from '@tanstack/react-query';
import type { InspectProgress } from '#shared/contract/inspect-objects';
import type { Lane } from '#shared/model/run';
import type { DatabaseChoices } from '#shared/model/database-choices';
import type { UsersMapping } from '#shared/model/users-mapping';
import { client } from '../../api/client';
import { keys } from '../../api/queries';
import { rewatch } from '../../api/run-feed';
import { resultOf } from '../../api/work';
import { saveText } from '../../ui/save-text';
import { acknowledge } from '../../ui/toast';
import { useMigrationView } from './view-store';

interface Draft {
  only: readonly Lane[];
  attempt: number;
}

/** Inspects the source, then plans: the plan waits for the inspection, so an operator sees one thing at a time. */
export function usePreparation(draft: Draft) {
  const only = [...draft.only];
  const fresh = {
    staleTime: Infinity,
    gcTime: 0,
    retry: false,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  } as const;
  const queryClient = useQueryClient();
  const counting = ['inspect progress', only, draft.attempt];
  const inspect = useQuery({
    queryKey: ['inspect', only, draft.attempt],
    queryFn: ({ signal }) =>
      resultOf(client.stream('migration.inspect', { only }, { signal }), (progress) =>
        queryClient.setQueryData(counting, progress),
      ),
    ...fresh,
  });
  const counted = useQuery<InspectProgress>({ queryKey: counting, queryFn: skipToken, gcTime: 0 });
  const plan = useQuery({
    queryKey: ['plan', only, draft.attempt],
    queryFn: ({ signal }) => client.call('migration.plan', { only }, { signal }),
    enabled: inspect.isSuccess,
    ...fresh,
  });
  return { inspect, plan, counted: counted.data };
}

/** Keeps how the users are read, or goes back to what is found by itself, then inspects and plans anew. */
export function useMapUsers() {
  return useMutation({
    mutationFn: (mapping: UsersMapping | null) => client.call('migration.mapUsers', { mapping }),
    onSuccess: () => {
      acknowledge('Kept. Inspecting again.');
      useMigrationView.getState().prepare();
    },
  });
}

/** What changed of the users since their import: looked at, then carried over. */
export function useCarryUsers() {
  return useMutation({
    mutationFn: (apply: boolean) => client.call('migration.carryUsers', { apply }),
  });
}

/** Tries a sign-in; the password is in no cache. */
export function useTrySignIn() {
  return useMutation({
    mutationFn: (credentials: { login: string; password: string }) =>
      client.call('migration.trySignIn', credentials),
    gcTime: 0,
  });
}

/** Of what the workspace leaves out of the database. */
export const choicesKey = ['database choices'];

/** What the workspace leaves out of the database. */
export function useDatabaseChoices() {
  return useQuery({
    queryKey: choicesKey,
    queryFn: ({ signal }) => client.call('migration.databaseChoices', {}, { signal }),
  });
}

/** Keeps what is left out, then inspects and plans anew. */
export function useChooseDatabase() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (choices: DatabaseChoices) => client.call('migration.chooseDatabase', choices),
    onSuccess: async () => {
      acknowledge('Kept. Planning again.');
      await queryClient.invalidateQueries({ queryKey: choicesKey });
      useMigrationView.getState().prepare();
    },
  });
}

/** Starts the run whose plan was read. */
export function useStartRun() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (input: { only: Lane[]; planHash: string }) => client.call('runs.start', input),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: keys.runs }),
  });
}

/** Differing rows that are shown for a table. */
const shownRows = 20;

/** The rows by which a table differs, as both sides are now. */
export function useRowDifferences(table: string) {
  return useQuery({
    queryKey: ['row differences', table],
    queryFn: async ({ signal }) => {
      const events = client.stream('databases.compare', { tables: [table], rows: shownRows }, { signal });
      for await (const { event } of events) if (event.type === 'done') return event.result;
      throw new AppError('CANCELLED', 'The comparison was stopped.');
    },
    gcTime: 0,
    staleTime: Infinity,
    retry: false,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });
}

const controlKey = (runId: string) => ['run control', runId];

function useControl(
  runId: string,
  name: 'runs.pause' | 'runs.continue' | 'runs.cancel' | 'runs.resume' | 'runs.verify',
) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationKey: controlKey(runId),
    mutationFn: async () => {
      await client.call(name, { runId });
    },
    onSuccess: () => {
      rewatch(runId);
      void queryClient.invalidateQueries({ queryKey: keys.runs });
    },
  });
}

/** What can be done to a run; the page and the palette share the outcome. */
export function useRunControls(runId: string) {
  return {
    pause: useControl(runId, 'runs.pause'),
    continue: useControl(runId, 'runs.continue'),
    cancel: useControl(runId, 'runs.cancel'),
    resume: useControl(runId, 'runs.resume'),
    verify: useControl(runId, 'runs.verify'),
  };
}

/** Why the last act on a run failed, whoever asked for it; undefined when it succeeded. */
export function useControlError(runId: string) {
  const errors = useMutationState({
    filters: { mutationKey: controlKey(runId) },
    select: (mutation) => mutation.state.error,
  });
  return errors.at(-1) ?? undefined;
}

/** Makes a run's report and hands it to the browser as a download. */
export function useSaveReport() {
  return useMutation({
    mutationFn: (input: { runId: string; format: 'html' | 'json' }) => client.call('runs.report', input),
    onSuccess: ({ fileName, mediaType, text }) => {
      saveText(fileName, mediaType, text);
      acknowledge(`${fileName} saved.`);
    },
  });
}
