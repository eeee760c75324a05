import { memo } from 'react';
import type { HealthState, ServiceView } from '#shared/model/health';
import { Tag } from '../../ui/tag';
import { Age } from './age';
import { sparkline, stateNames, stateTones } from './health.logic';
import styles from './health.module.css';

const box = { width: 300, height: 36 };

function Sparkline({ values, state }: { values: readonly (number | null)[]; state: HealthState }) {
  return (
    <svg
      viewBox={`0 0 ${box.width} ${box.height}`}
      preserveAspectRatio="none"
      className={styles.spark}
      data-tone={stateTones[state]}
      aria-hidden="true"
    >
      {sparkline(values, box.width, box.height).map((points) => (
        <polyline key={points} points={points} />
      ))}
    </svg>
  );
}

interface TileProps {
  service: ServiceView;
  chosen: boolean;
  onChoose: (id: string) => void;
}

/** Drawn anew only when its service has changed: a wall of them changes a few at a time. */
const Tile = memo(function Tile({ service, chosen, onChoose }: TileProps) {
  return (
    <li>
      <button
        type="button"
        className={styles.tile}
        aria-pressed={chosen}
        onClick={() => onChoose(service.id)}
      >
        <span className={styles.tileHead}>
          <strong>{service.title}</strong>
          {service.maintenance ? <Tag tone="run">Maintenance</Tag> : null}
          <Tag tone={stateTones[service.state]}>{stateNames[service.state]}</Tag>
        </span>
        <span className={styles.tileLine}>
          <span className={styles.summary}>{service.summary}</span>
          <span className="mono">{service.reading ?? ''}</span>
        </span>
        <Sparkline values={service.recent} state={service.state} />
        <span className="muted">
          <Age at={service.at} />
        </span>
      </button>
    </li>
  );
});

/** A tile a service; pressing one shows it below. */
export function Tiles({
  services,
  chosen,
  onChoose,
}: {
  services: readonly ServiceView[];
  chosen: string | undefined;
  onChoose: (id: string) => void;
}) {
  return (
    <ul className={styles.tiles} aria-label="Services">
      {services.map((service) => (
        <Tile key={service.id} service={service} chosen={service.id === chosen} onChoose={onChoose} />
      ))}
    </ul>
  );
}
