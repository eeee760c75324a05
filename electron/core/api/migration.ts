import type { InspectProgress } from '#shared/contract/inspect-objects';
import type { InspectReport, migrationContract } from '#shared/contract/migration';
import type { DecidedSchema, schemaEntriesContract } from '#shared/contract/schema-entries';
import type { Lane } from '#shared/model/run';
import type { DatabaseChoices } from '#shared/model/database-choices';
import type { UsersMapping } from '#shared/model/users-mapping';
import type { SignInAnswer, UserDelta } from '#shared/model/users-report';
import type { Handlers } from '#shared/rpc/define';
import type { RunsService } from '../services/runs/runs-service';
import { eventsOf } from './events-of';

export interface MigrationHandlersOptions {
  /** The runs service of the open workspace; throws `WORKSPACE_NOT_OPEN` when none is open. */
  runs(): RunsService;
  inspect(
    only: readonly Lane[],
    signal: AbortSignal,
    onProgress: (progress: InspectProgress) => void,
  ): Promise<InspectReport>;
  mapUsers(mapping: UsersMapping | null, signal: AbortSignal): Promise<void>;
  databaseChoices(): Promise<DatabaseChoices>;
  chooseDatabase(choices: DatabaseChoices, signal: AbortSignal): Promise<void>;
  schemaEntries(choices: DatabaseChoices | undefined, signal: AbortSignal): Promise<DecidedSchema>;
  carryUsers(apply: boolean, signal: AbortSignal): Promise<UserDelta>;
  trySignIn(credentials: { login: string; password: string }, signal: AbortSignal): Promise<SignInAnswer>;
}

/** The migration operations of the contract. */
export function migrationHandlers(
  options: MigrationHandlersOptions,
): Handlers<typeof migrationContract & typeof schemaEntriesContract> {
  const runs = (): RunsService => options.runs();
  return {
    'migration.inspect': ({ only }, { signal }) =>
      eventsOf(signal, (both, onProgress: (progress: InspectProgress) => void) =>
        options.inspect(only, both, onProgress),
      ),
    'migration.mapUsers': async ({ mapping }, { signal }) => {
      await options.mapUsers(mapping, signal);
      return {};
    },
    'migration.databaseChoices': () => options.databaseChoices(),
    'migration.chooseDatabase': async (choices, { signal }) => {
      await options.chooseDatabase(choices, signal);
      return {};
    },
    'migration.schema': ({ choices }, { signal }) => options.schemaEntries(choices, signal),
    'migration.carryUsers': ({ apply }, { signal }) => options.carryUsers(apply, signal),
    'migration.trySignIn': (credentials, { signal }) => options.trySignIn(credentials, signal),
    'migration.plan': async ({ only }, { signal }) => runs().plan(only, signal),
    'runs.start': async (input, { signal }) => runs().start(input, signal),
    'runs.resume': async ({ runId }) => runs().resume(runId),
    'runs.pause': async ({ runId }) => {
      await runs().pause(runId);
      return {};
    },
    'runs.continue': async ({ runId }) => {
      await runs().continue(runId);
      return {};
    },
    'runs.cancel': async ({ runId }) => {
      await runs().cancel(runId);
      return {};
    },
    'runs.list': async () => runs().list(),
    'runs.get': async ({ runId }) => runs().get(runId),
    'runs.verify': async ({ runId }) => runs().verify(runId),
    'runs.report': async ({ runId, format }) => runs().report(runId, format),
    'runs.watch': async function* ({ runId }, { after, signal }) {
      yield* runs().watch(runId, after, signal);
    },
  };
}
