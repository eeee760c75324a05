import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { connectionsQuery } from '../../api/queries';
import { ErrorPanel } from '../../ui/error-panel';
import { Loading } from '../../ui/loading';
import { PageBody, PageHeader } from '../../ui/page-header';
import { Tag } from '../../ui/tag';
import { ConnectionCard } from './connection-card';
import styles from './connections.module.css';
import { ImportDialog } from './import-dialog';
import { useTestAll } from './queries';

/** The five ends: entering, importing and testing them. */
export function ConnectionsPage() {
  const connections = useQuery(connectionsQuery);
  const testAll = useTestAll();
  const [importing, setImporting] = useState(false);
  const reachable = connections.data?.filter((connection) => connection.lastTest?.ok === true).length ?? 0;
  return (
    <>
      <PageHeader
        title="Connections"
        state={
          connections.data === undefined ? null : (
            <Tag
              tone={reachable === connections.data.length ? 'ok' : 'idle'}
            >{`${reachable} of ${connections.data.length} reachable`}</Tag>
          )
        }
        actions={
          <>
            <Button onClick={() => setImporting(true)}>Import…</Button>
            <Button
              variant="filled"
              onClick={testAll.run}
              loading={testAll.testing}
              disabled={connections.data === undefined}
            >
              Test all
            </Button>
          </>
        }
      />
      <PageBody>
        {connections.isPending ? <Loading>Reading the settings…</Loading> : null}
        {connections.isError ? (
          <ErrorPanel error={connections.error} retry={() => void connections.refetch()} />
        ) : null}
        <div className={styles.cards}>
          {(connections.data ?? []).map((connection) => (
            <ConnectionCard key={connection.end} connection={connection} />
          ))}
        </div>
      </PageBody>
      <ImportDialog opened={importing} onClose={() => setImporting(false)} />
    </>
  );
}
