import type { ReactNode } from 'react';
import styles from './ui.module.css';

/** A fact about the page's state that is no failure, with what can be done. */
export function Notice({
  title,
  children,
  actions,
}: {
  title: string;
  children: ReactNode;
  actions?: ReactNode;
}) {
  return (
    <div className={styles.panel} data-tone="warn" role="group" aria-label={title}>
      <div className={styles.panelTitle}>{title}</div>
      <div className="t2">{children}</div>
      {actions === undefined ? null : <div className={styles.actions}>{actions}</div>}
    </div>
  );
}
