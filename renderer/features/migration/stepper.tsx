import { Link } from '@tanstack/react-router';
import { Icon } from '../../ui/icon';
import styles from './migration.module.css';
import type { Stage } from './stepper.logic';

const spoken: Record<Stage['state'], string> = {
  waiting: 'not begun',
  now: 'current',
  done: 'done',
  failed: 'failed',
  stopped: 'stopped',
};

function Dot({ stage, number }: { stage: Stage; number: number }) {
  switch (stage.state) {
    case 'done':
      return <Icon name="check" size={14} />;
    case 'failed':
      return <Icon name="cross" size={14} />;
    case 'stopped':
      return <Icon name="pause" size={14} />;
    case 'now':
    case 'waiting':
      return number;
  }
}

/** The stages of a migration, top to bottom, with where it stands. */
export function Stepper({ stages, note }: { stages: readonly Stage[]; note?: string | undefined }) {
  return (
    <section className={styles.stepper} aria-label="Stages">
      <ol>
        {stages.map((stage, index) => (
          <li
            key={stage.title}
            className={styles.stage}
            data-state={stage.state}
            {...(stage.state === 'now' ? { 'aria-current': 'step' as const } : {})}
          >
            <span className={styles.dot} aria-hidden="true">
              <Dot stage={stage} number={index + 1} />
            </span>
            <div>
              <b>{stage.title}</b>
              <span className="sr-only">, {spoken[stage.state]}</span>
              {stage.detail === '' ? null : <small>{stage.detail}</small>}
            </div>
          </li>
        ))}
      </ol>
      {note === undefined ? null : <p className={styles.stepperNote}>{note}</p>}
      <nav className={styles.aside} aria-label="More of the migration">
        <Link to="/migration/schema">Schema of the database</Link>
        <Link to="/migration/links">Links in rows</Link>
        <Link to="/migration/access">Public access and CORS</Link>
        <Link to="/migration/exposure">Exposure of the database</Link>
      </nav>
    </section>
  );
}
