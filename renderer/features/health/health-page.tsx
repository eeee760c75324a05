import { Button } from '@mantine/core';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useCallback, useState } from 'react';
import type { HealthOverview } from '#shared/model/health';
import { Card } from '../../ui/card';
import { CopyButton } from '../../ui/copy-button';
import { EmptyState } from '../../ui/empty-state';
import { ErrorPanel } from '../../ui/error-panel';
import { Loading } from '../../ui/loading';
import { PageBody, PageHeader } from '../../ui/page-header';
import { Tag } from '../../ui/tag';
import { headline, reportText } from './health.logic';
import styles from './health.module.css';
import { IncidentsCard } from './incidents-card';
import { useCheckNow, useConfigure, useHealth } from './queries';
import { ServiceDetail } from './service-detail';
import { SettingsDialog } from './settings-dialog';
import { Tiles } from './tiles';
import { UptimeCard } from './uptime-card';
import { Wall } from './wall';

const route = getRouteApi('/health');

function Off() {
  const configure = useConfigure();
  return (
    <Card title="Monitoring is off" padded>
      <p>
        When it is on, Cutover checks every service that is set up, keeps 90 days of history and opens
        incidents, for as long as it runs. It reads only, except where a canary is set up.
      </p>
      {configure.isError ? <ErrorPanel error={configure.error} /> : null}
      <div className={styles.bar}>
        <Button
          variant="filled"
          loading={configure.isPending}
          onClick={() => configure.mutate({ config: { enabled: true } })}
        >
          Start monitoring
        </Button>
      </div>
    </Card>
  );
}

function Overview({ overview }: { overview: HealthOverview }) {
  const { service: chosenId, wall = false } = route.useSearch();
  const navigate = route.useNavigate();
  const { services, incidents, enabled, recording } = overview;
  const chosen = services.find(({ id }) => id === chosenId) ?? services[0];
  const choose = useCallback((id: string) => void navigate({ search: { service: id } }), [navigate]);
  if (services.length === 0) {
    return (
      <Card title="Services">
        <EmptyState title="Nothing to check yet">
          Set up a connection, or add the addresses of the application under Settings.
        </EmptyState>
      </Card>
    );
  }
  if (wall) {
    return <Wall overview={overview} onLeave={() => void navigate({ search: {} })} />;
  }
  return (
    <>
      {enabled ? null : <Off />}
      {recording === 'other' ? (
        <p className="muted">
          Another window or host of this workspace keeps the history and sends the alerts.
        </p>
      ) : null}
      {overview.alertFailures.map(({ channel, error }) => (
        <ErrorPanel key={channel} title={`Alerts by ${channel} do not arrive`} error={error} />
      ))}
      <Tiles services={services} chosen={chosen?.id} onChoose={choose} />
      {chosen === undefined ? null : <ServiceDetail service={chosen} />}
      <IncidentsCard incidents={incidents} />
      <UptimeCard />
    </>
  );
}

/** Live health of everything that is set up. */
export function HealthPage() {
  const health = useHealth();
  const checkNow = useCheckNow();
  const [settingsOpen, setSettingsOpen] = useState(false);
  const navigate = route.useNavigate();
  const state = health.data === undefined ? undefined : headline(health.data.services);
  return (
    <>
      <PageHeader
        title="Health"
        state={state === undefined ? undefined : <Tag tone={state.tone}>{state.text}</Tag>}
        actions={
          <>
            <Button component={Link} to="/health/load">
              Load check…
            </Button>
            <Button onClick={() => void navigate({ search: { wall: true } })}>Wall view</Button>
            {health.data === undefined ? null : (
              <CopyButton text={reportText(health.data)}>Copy report</CopyButton>
            )}
            <Button onClick={() => setSettingsOpen(true)}>Settings…</Button>
            <Button loading={checkNow.isPending} onClick={() => checkNow.mutate(undefined)}>
              Check now
            </Button>
          </>
        }
      />
      <PageBody>
        {checkNow.isError ? <ErrorPanel error={checkNow.error} /> : null}
        {health.isPending ? (
          <Loading>Reading the state of the services</Loading>
        ) : health.isError ? (
          <ErrorPanel error={health.error} retry={() => void health.refetch()} />
        ) : (
          <Overview overview={health.data} />
        )}
      </PageBody>
      <SettingsDialog opened={settingsOpen} onClose={() => setSettingsOpen(false)} />
    </>
  );
}
