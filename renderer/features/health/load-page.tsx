import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { AppError } from '#shared/model/errors';
import { ErrorPanel } from '../../ui/error-panel';
import { Loading } from '../../ui/loading';
import { PageBody, PageHeader } from '../../ui/page-header';
import { LoadForm } from './load-form';
import { LoadLive } from './load-live';
import { useLoad } from './load-queries';
import { LoadResults } from './load-results';

/** Puts load on the application and holds it against a goal. */
export function LoadPage() {
  const load = useLoad();
  const [failure, setFailure] = useState<AppError>();
  return (
    <>
      <PageHeader title="Load check" />
      <PageBody>
        <p>
          <Link to="/health">Back to Health</Link>
        </p>
        {load.isPending ? (
          <Loading>Reading earlier load checks</Loading>
        ) : load.isError ? (
          <ErrorPanel error={load.error} retry={() => void load.refetch()} />
        ) : (
          <>
            {load.data.running === undefined ? null : (
              <LoadLive key={load.data.running} id={load.data.running} onEnd={setFailure} />
            )}
            {failure === undefined ? null : <ErrorPanel title="The load check failed" error={failure} />}
            <LoadForm load={load.data} />
            <LoadResults results={load.data.results} />
          </>
        )}
      </PageBody>
    </>
  );
}
