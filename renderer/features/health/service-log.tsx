import { Button } from '@mantine/core';
import { useMemo, useState } from 'react';
import { Card } from '../../ui/card';
import { ErrorPanel } from '../../ui/error-panel';
import { LogCard } from '../../ui/log-card';
import { logServices } from './health.logic';
import { useDeployedServices, useServiceLog } from './queries';

function Lines({ title, services }: { title: string; services: readonly string[] }) {
  const { lines, error } = useServiceLog(services);
  return (
    <>
      {error === undefined ? null : <ErrorPanel error={error} />}
      <LogCard
        title={`Log of ${title}`}
        lines={lines.map(({ at, stream, text, service }) => ({
          at,
          source: service,
          level: stream === 'stderr' ? ('warn' as const) : ('info' as const),
          message: text,
        }))}
        empty="It has printed nothing."
      />
    </>
  );
}

function Found({ id, title }: { id: string; title: string }) {
  const deployed = useDeployedServices();
  const services = useMemo(() => logServices(id, deployed.data ?? []), [id, deployed.data]);
  if (deployed.isPending) return null;
  if (deployed.isError) return <ErrorPanel error={deployed.error} retry={() => void deployed.refetch()} />;
  if (services.length === 0) {
    return (
      <Card title={`Log of ${title}`} padded>
        <p className="muted">No service of the release on the host belongs to it.</p>
      </Card>
    );
  }
  return <Lines title={title} services={services} />;
}

/** What the containers behind a service print, as it comes; asked for only when an operator wants it. */
export function ServiceLog({ id, title }: { id: string; title: string }) {
  const [open, setOpen] = useState(false);
  if (open) return <Found id={id} title={title} />;
  return (
    <div>
      <Button onClick={() => setOpen(true)}>{`Show the log of ${title}`}</Button>
    </div>
  );
}
