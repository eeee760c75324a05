import { useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { runsQuery } from '../../api/queries';
import { useActiveRun } from '../../api/active-run';
import { isSettled } from '#shared/model/run-view';
import { ErrorPanel } from '../../ui/error-panel';
import { Loading } from '../../ui/loading';
import { PageBody, PageHeader } from '../../ui/page-header';
import { PrepareView } from './prepare-view';
import { RunView } from './run-view';
import { StartView } from './start-view';
import { useMigrationView } from './view-store';

/** The run that was asked for, otherwise the one under way, a preparation, the newest run, or the start. */
export function MigrationPage() {
  const search = useSearch({ from: '/migration' });
  const runs = useQuery(runsQuery);
  const draft = useMigrationView((state) => state.draft);
  const active = useActiveRun();
  if (runs.data === undefined) {
    return (
      <>
        <PageHeader title="Migration" />
        <PageBody>
          {runs.isError ? (
            <ErrorPanel error={runs.error} retry={() => void runs.refetch()} />
          ) : (
            <Loading>Reading the runs…</Loading>
          )}
        </PageBody>
      </>
    );
  }
  const live = runs.data.find((run) => !isSettled(run.state));
  if (draft !== undefined && live === undefined) return <PrepareView key={draft.attempt} draft={draft} />;
  const shown = search.run ?? active.id;
  if (shown === undefined) return <StartView runs={runs.data} />;
  return <RunView key={shown} runId={shown} runs={runs.data} />;
}
