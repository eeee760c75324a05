import { Button } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import type { HealthOverview, ServiceView } from '#shared/model/health';
import { formatClock } from '../../ui/format';
import { Tag } from '../../ui/tag';
import { Age } from './age';
import { headline, stateNames, stateTones, worstFirst } from './health.logic';
import styles from './wall.module.css';

function WallTile({ service }: { service: ServiceView }) {
  return (
    <li className={styles.tile} data-tone={service.maintenance ? 'run' : stateTones[service.state]}>
      <strong className={styles.name}>{service.title}</strong>
      <span className={styles.state}>
        {stateNames[service.state]}
        {service.maintenance ? ', maintenance' : ''}
      </span>
      <span className={styles.summary}>{service.summary}</span>
      <span className={styles.foot}>
        <span className="mono">{service.reading ?? ''}</span>
        <span>
          <Age at={service.at} />
        </span>
      </span>
    </li>
  );
}

/** Everything at one glance for a screen on a wall: nothing but the services, the worst first. */
export function Wall({ overview, onLeave }: { overview: HealthOverview; onLeave: () => void }) {
  useHotkeys([['Escape', onLeave]]);
  const state = headline(overview.services);
  return (
    <section className={styles.wall} aria-label="Wall view">
      <div className={styles.head}>
        {state === undefined ? null : <Tag tone={state.tone}>{state.text}</Tag>}
        <span className="muted">as of {formatClock(overview.at)}</span>
        <span className={styles.space} />
        <Button onClick={onLeave}>Leave wall view</Button>
      </div>
      <ul className={styles.tiles} aria-label="Services">
        {worstFirst(overview.services).map((service) => (
          <WallTile key={service.id} service={service} />
        ))}
      </ul>
    </section>
  );
}
