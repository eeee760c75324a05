import { Button } from '@mantine/core';
import type { CheckView, ServiceView } from '#shared/model/health';
import { Card } from '../../ui/card';
import { ErrorPanel } from '../../ui/error-panel';
import { Facts } from '../../ui/facts';
import { formatDateTime } from '../../ui/format';
import { Tag } from '../../ui/tag';
import { Age } from './age';
import { hasLog, stateNames, stateTones } from './health.logic';
import styles from './health.module.css';
import { HistoryCard } from './history-card';
import { useCheckNow, useConfigure, useHealthSettings } from './queries';
import { ServiceLog } from './service-log';

function Check({ check }: { check: CheckView }) {
  return (
    <li className={styles.check}>
      <div className={styles.checkHead}>
        <strong>{check.title}</strong>
        <Tag tone={stateTones[check.state]}>{stateNames[check.state]}</Tag>
        <span className="muted">
          <Age at={check.at} /> · every {check.intervalMs / 1000} s · since {formatDateTime(check.since)}
        </span>
      </div>
      {check.findings.map(({ code, message, remedy }) => (
        <div key={code + message} className={styles.finding}>
          <p className="break">
            <code className="mono">{code}</code> {message}
          </p>
          <p className="t2 break">{remedy}</p>
        </div>
      ))}
      <Facts items={check.facts} />
    </li>
  );
}

/** One service: its history, its checks with their evidence, and what can be done. */
export function ServiceDetail({ service }: { service: ServiceView }) {
  const checkNow = useCheckNow();
  const settings = useHealthSettings();
  const configure = useConfigure();
  const hold = () => {
    const from = Date.now();
    const kept = (settings.data?.config.maintenance ?? []).filter(
      (window) => Date.parse(window.to) > from && (!service.maintenance || window.service !== service.id),
    );
    const added = {
      service: service.id,
      from: new Date(from).toISOString(),
      to: new Date(from + 3_600_000).toISOString(),
      reason: 'Set on the page',
    };
    configure.mutate({ config: { maintenance: service.maintenance ? kept : [...kept, added] } });
  };
  return (
    <>
      {service.checks.length === 0 ? null : (
        <HistoryCard key={service.id} title={service.title} checks={service.checks} />
      )}
      <Card
        title={`${service.title} · checks`}
        right={
          <span className={styles.bar}>
            <Button onClick={hold} loading={configure.isPending} disabled={settings.data === undefined}>
              {service.maintenance ? 'End maintenance' : 'Maintenance for 1 hour'}
            </Button>
            <Button onClick={() => checkNow.mutate(service.id)} loading={checkNow.isPending}>
              {`Check ${service.title}`}
            </Button>
          </span>
        }
      >
        {checkNow.isError ? <ErrorPanel error={checkNow.error} /> : null}
        {configure.isError ? <ErrorPanel error={configure.error} /> : null}
        <ul aria-label={`Checks of ${service.title}`}>
          {service.checks.map((check) => (
            <Check key={check.id} check={check} />
          ))}
        </ul>
      </Card>
      {hasLog(service) ? <ServiceLog key={service.id} id={service.id} title={service.title} /> : null}
    </>
  );
}
