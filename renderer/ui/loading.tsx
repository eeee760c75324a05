import { Loader } from '@mantine/core';
import styles from './ui.module.css';

/** Says what is being waited for. */
export function Loading({ children }: { children: string }) {
  return (
    <div className={styles.loading} role="status">
      <Loader size={16} aria-hidden="true" />
      {children}
    </div>
  );
}
