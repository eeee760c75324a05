import type { ReactNode } from 'react';
import styles from './ui.module.css';

/** Says why there is nothing to see, and what would fill the space. */
export function EmptyState({
  title,
  children,
  action,
}: {
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className={styles.empty}>
      <h3>{title}</h3>
      {children === undefined ? null : <div>{children}</div>}
      {action}
    </div>
  );
}
