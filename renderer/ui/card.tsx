import { useId, type ReactNode } from 'react';
import styles from './ui.module.css';

interface CardProps {
  title: string;
  /** Stands at the right of the title: a short fact or a button. */
  right?: ReactNode;
  /** Without it the content reaches the card's edges, as tables do. */
  padded?: boolean;
  children: ReactNode;
}

/** A titled section of a page. */
export function Card({ title, right, padded = false, children }: CardProps) {
  const titleId = useId();
  return (
    <section className={styles.card} aria-labelledby={titleId}>
      <div className={styles.cardHead}>
        <h2 id={titleId}>{title}</h2>
        {right === undefined ? null : <div className={styles.cardRight}>{right}</div>}
      </div>
      {padded ? <div className={styles.cardBody}>{children}</div> : children}
    </section>
  );
}
