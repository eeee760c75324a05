import type { ReactNode } from 'react';
import styles from './ui.module.css';

/** Says why there is nothing to see, and what would fill the space. */
export function EmptyState({
  title,
  level = 3,
  children,
  action,
}: {
  title: string;
  /** Of the heading: 2 where it stands on the page itself, not in a card. */
  level?: 2 | 3;
  children?: ReactNode;
  action?: ReactNode;
}) {
  const Heading = level === 2 ? 'h2' : 'h3';
  return (
    <div className={styles.empty}>
      <Heading>{title}</Heading>
      {children === undefined ? null : <div>{children}</div>}
      {action}
    </div>
  );
}
