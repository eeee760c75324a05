import { Fragment } from 'react';
import styles from './ui.module.css';

/** Names and values, one pair a line. */
export function Facts({ items }: { items: readonly { label: string; value: string }[] }) {
  return (
    <dl className={styles.facts}>
      {items.map(({ label, value }) => (
        <Fragment key={label}>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </Fragment>
      ))}
    </dl>
  );
}
