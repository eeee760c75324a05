import { useState } from 'react';
import type { Effect, StepPlan } from '#shared/model/run';
import { plural } from '../../ui/format';
import { Tag, type Tone } from '../../ui/tag';
import { WarningList } from '../../ui/warning-list';
import { laneNames } from './lane-names';
import styles from './migration.module.css';

const effects: Record<Effect, { label: string; tone: Tone }> = {
  read: { label: 'Reads only', tone: 'idle' },
  create: { label: 'Creates', tone: 'run' },
  overwrite: { label: 'Overwrites', tone: 'warn' },
  irreversible: { label: 'Cannot be undone', tone: 'bad' },
};

/** The long facts of a step: SQL, names. Drawn once they are opened. */
function Details({ title, lines }: { title: string; lines: readonly string[] }) {
  const [open, setOpen] = useState(false);
  return (
    <details className={styles.details} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{plural(lines.length, 'detail')}</summary>
      {open ? (
        <pre tabIndex={0} role="region" aria-label={`Details of ${title}`}>
          {lines.join('\n')}
        </pre>
      ) : null}
    </details>
  );
}

/** The steps of a plan in their order: what each does, to what, and what to know before. */
export function PlanSteps({ steps }: { steps: readonly StepPlan[] }) {
  return (
    <ol className={styles.steps}>
      {steps.map((step, index) => (
        <li key={step.id}>
          <span className={styles.stepNumber} aria-hidden="true">
            {index + 1}
          </span>
          <div>
            <div className={styles.stepHead}>
              <h3>{step.title}</h3>
              <Tag tone={effects[step.effect].tone}>{effects[step.effect].label}</Tag>
              <span className="muted">{laneNames[step.lane]}</span>
            </div>
            <div className={styles.stepBody}>
              <p className="t2 break">{step.summary}</p>
              <WarningList warnings={step.warnings} />
              {step.details.length === 0 ? null : <Details title={step.title} lines={step.details} />}
            </div>
          </div>
        </li>
      ))}
    </ol>
  );
}
