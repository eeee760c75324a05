import { formatPercent } from './format';
import type { Tone } from './tag';
import styles from './ui.module.css';

/** How much is done, 0 to 1. `label` names what. */
export function ProgressBar({
  label,
  fraction,
  tone = 'run',
}: {
  label: string;
  fraction: number;
  tone?: Tone;
}) {
  const shown = Math.min(1, Math.max(0, fraction));
  return (
    <div
      className={styles.bar}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.floor(shown * 100)}
      aria-valuetext={formatPercent(shown)}
    >
      <div className={styles.barFill} data-tone={tone} style={{ transform: `scaleX(${shown})` }} />
    </div>
  );
}
