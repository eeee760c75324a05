import type { Warning } from '#shared/model/run';
import { Tag } from './tag';
import styles from './warning-list.module.css';

/** Warnings with what can be done about each; nothing when there is none. */
export function WarningList({ warnings }: { warnings: readonly Warning[] }) {
  if (warnings.length === 0) return null;
  return (
    <ul className={styles.list} aria-label="Warnings">
      {warnings.map((warning, index) => (
        <li key={`${warning.code} ${index}`}>
          <Tag tone="warn">Warning</Tag>
          <div className="break">
            {warning.message}
            {warning.hint === undefined ? null : <div className="t2">{warning.hint}</div>}
          </div>
        </li>
      ))}
    </ul>
  );
}
