import { Button } from '@mantine/core';
import { useState } from 'react';
import type { DeployAction } from '#shared/contract/deploy';
import type { PanelService } from '#shared/model/easypanel';
import { Card } from '../../ui/card';
import { EmptyState } from '../../ui/empty-state';
import { ErrorPanel } from '../../ui/error-panel';
import { plural } from '../../ui/format';
import { Loading } from '../../ui/loading';
import { Tag } from '../../ui/tag';
import { kindLooks, serviceName } from './easypanel.logic';
import styles from './easypanel.module.css';
import { type PanelQuestion, PanelDialog } from './easypanel-dialogs';
import { usePanel } from './queries';

interface ServiceProps {
  service: PanelService;
  busy: boolean;
  ask: (question: PanelQuestion) => void;
}

function Service({ service, busy, ask }: ServiceProps) {
  const name = serviceName(service);
  const runs = service.type === 'app' || service.type === 'compose';
  return (
    <li className={styles.service}>
      <div className="break">
        <div className={styles.headline}>
          <strong>{name}</strong>
          <Tag tone={service.type === 'app' ? 'ok' : 'idle'}>{kindLooks(service.type)}</Tag>
        </div>
        {service.image === undefined ? null : <div className="mono t2 break">{service.image}</div>}
        {service.domains.length === 0 ? null : <div className="t2 break">{service.domains.join(', ')}</div>}
        {service.limits.map((limit) => (
          <div key={limit} className="muted">
            {limit}
          </div>
        ))}
      </div>
      {runs ? (
        <div className={styles.acts}>
          {service.type === 'app' ? (
            <Button
              size="compact-xs"
              variant="default"
              disabled={busy}
              aria-label={`Deploy ${name}`}
              onClick={() => ask({ kind: 'deploy', service })}
            >
              Deploy…
            </Button>
          ) : null}
          <Button
            size="compact-xs"
            variant="default"
            aria-label={`Set the environment of ${name}`}
            onClick={() => ask({ kind: 'environment', service })}
          >
            Environment…
          </Button>
          <Button
            size="compact-xs"
            variant="default"
            aria-label={`Add a domain to ${name}`}
            onClick={() => ask({ kind: 'domain', service })}
          >
            Domain…
          </Button>
        </div>
      ) : null}
    </li>
  );
}

/** Easypanel's own services, for who keeps them there: what runs, and what can be done without a gap. */
export function EasypanelPanel({ busy, begin }: { busy: boolean; begin: (action: DeployAction) => void }) {
  const panel = usePanel();
  const [question, setQuestion] = useState<PanelQuestion>();
  if (panel.isPending) return <Loading>Asking the panel…</Loading>;
  if (panel.isError) return <ErrorPanel error={panel.error} retry={() => void panel.refetch()} />;
  const { services } = panel.data;
  return (
    <>
      <Card title="Services of Easypanel" right={plural(services.length, 'service')}>
        {services.length === 0 ? (
          <EmptyState title="The panel has no service">Releases to the Docker stack need none.</EmptyState>
        ) : (
          <ul className={styles.list} aria-label="Services of Easypanel">
            {services.map((service) => (
              <Service key={serviceName(service)} service={service} busy={busy} ask={setQuestion} />
            ))}
          </ul>
        )}
      </Card>
      {question === undefined ? null : (
        <PanelDialog question={question} onClose={() => setQuestion(undefined)} onDeploy={begin} />
      )}
    </>
  );
}
