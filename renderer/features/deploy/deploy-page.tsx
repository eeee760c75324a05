import { Button, Tabs } from '@mantine/core';
import { useCallback, useState } from 'react';
import type { DeployAction } from '#shared/contract/deploy';
import type { DeployStatus, ServiceStatus } from '#shared/model/deploy';
import { ErrorPanel } from '../../ui/error-panel';
import { formatDateTime } from '../../ui/format';
import { Loading } from '../../ui/loading';
import { Notice } from '../../ui/notice';
import { PageBody, PageHeader } from '../../ui/page-header';
import { ApplicationPanel } from './application-panel';
import { ChangeDialog, type Question } from './change-dialogs';
import styles from './deploy.module.css';
import { EasypanelPanel } from './easypanel-panel';
import { FilesDialog } from './files-dialog';
import { OperationCard } from './operation-card';
import { useDeployStatus, useOperation, useStart } from './queries';
import { ReleaseDialog } from './release-dialog';
import { ReleasesCard } from './releases-card';
import { ServiceLog } from './service-log';
import { ServicesCard } from './services-card';
import { UseCard } from './use-card';

function Lock({ lock }: { lock: NonNullable<DeployStatus['lock']> }) {
  return lock.stale ? (
    <Notice title="A deployment was cut off">
      {lock.by} began it on {formatDateTime(lock.at)}, and nothing was heard of it since. The next release
      goes on from what it left.
    </Notice>
  ) : (
    <Notice title="A deployment is under way">
      By {lock.by} since {formatDateTime(lock.at)}. A second one has to wait for it.
    </Notice>
  );
}

function Stack({
  status,
  busy,
  ask,
}: {
  status: DeployStatus;
  busy: boolean;
  ask: (question: Question) => void;
}) {
  const scale = useCallback((service: ServiceStatus) => ask({ kind: 'scale', service }), [ask]);
  const restart = useCallback((service: ServiceStatus) => ask({ kind: 'restart', service }), [ask]);
  return (
    <>
      {status.lock === undefined || busy ? null : <Lock lock={status.lock} />}
      {status.runtime === 'compose' && status.services.length > 0 ? (
        <Notice title="The host has no swarm">
          Compose runs the services: each change stops a container before its successor runs, and requests
          fail meanwhile.
        </Notice>
      ) : null}
      <ServicesCard services={status.services} busy={busy} onScale={scale} onRestart={restart} />
      <ReleasesCard
        releases={status.releases}
        busy={busy}
        onRollBack={(release) => ask({ kind: 'rollback', release })}
      />
      {status.services.length === 0 ? null : (
        <>
          <UseCard />
          <ServiceLog services={status.services.map(({ name }) => name)} />
        </>
      )}
    </>
  );
}

function Releases({ busy, begin }: { busy: boolean; begin: (action: DeployAction) => void }) {
  const status = useDeployStatus();
  const [releasing, setReleasing] = useState(false);
  const [rendering, setRendering] = useState(false);
  const [question, setQuestion] = useState<Question>();
  const confirmed = (action: DeployAction) => {
    setReleasing(false);
    setQuestion(undefined);
    begin(action);
  };
  return (
    <>
      <div className={styles.bar}>
        <span className="t2">
          {status.data === undefined ? '' : `Stack ${status.data.stack} · Docker ${status.data.engine}`}
        </span>
        <div className={styles.acts}>
          <Button variant="default" onClick={() => setRendering(true)}>
            Files…
          </Button>
          <Button variant="filled" disabled={busy || !status.isSuccess} onClick={() => setReleasing(true)}>
            Release…
          </Button>
        </div>
      </div>
      {status.isPending ? (
        <Loading>Looking at the host…</Loading>
      ) : status.isError ? (
        <ErrorPanel error={status.error} retry={() => void status.refetch()} />
      ) : (
        <Stack status={status.data} busy={busy} ask={setQuestion} />
      )}
      <FilesDialog opened={rendering} onClose={() => setRendering(false)} />
      <ReleaseDialog opened={releasing} onClose={() => setReleasing(false)} onRelease={confirmed} />
      {question === undefined ? null : (
        <ChangeDialog question={question} onClose={() => setQuestion(undefined)} onConfirm={confirmed} />
      )}
    </>
  );
}

/** Releases of the application on its host, what becomes of its repository before the first one, and the panel's own services. */
export function DeployPage() {
  const operation = useOperation();
  const start = useStart();
  const busy = operation.data?.ended === false;
  const begin = (action: DeployAction) => start.mutate(action);
  const [part, setPart] = useState<string | null>('releases');
  return (
    <>
      <PageHeader title="Deploy" />
      <PageBody>
        <div className={styles.page}>
          <Tabs value={part} onChange={setPart} keepMounted={false}>
            <Tabs.List>
              <Tabs.Tab value="releases">Releases</Tabs.Tab>
              <Tabs.Tab value="application">Application</Tabs.Tab>
              <Tabs.Tab value="easypanel">Easypanel</Tabs.Tab>
            </Tabs.List>
            <div className={`${styles.page ?? ''} ${styles.parts ?? ''}`}>
              {start.isError ? <ErrorPanel error={start.error} /> : null}
              {operation.data == null || part === 'application' ? null : (
                <OperationCard key={operation.data.id} operation={operation.data} />
              )}
              <Tabs.Panel value="releases" className={styles.page ?? ''}>
                <Releases busy={busy} begin={begin} />
              </Tabs.Panel>
              <Tabs.Panel value="application" className={styles.page ?? ''}>
                <ApplicationPanel />
              </Tabs.Panel>
              <Tabs.Panel value="easypanel" className={styles.page ?? ''}>
                <EasypanelPanel busy={busy} begin={begin} />
              </Tabs.Panel>
            </div>
          </Tabs>
        </div>
      </PageBody>
    </>
  );
}
