import type { ReactNode } from 'react';
import { joinClasses } from './join-classes';
import styles from './ui.module.css';

/** What a colour says: `run` is under way, `idle` has not begun. */
export type Tone = 'ok' | 'warn' | 'bad' | 'idle' | 'run';

/** A state in one or two words. */
export function Tag({ tone, children }: { tone: Tone; children: ReactNode }) {
  return (
    <span className={joinClasses(styles.tag, styles[tone])}>
      <span className={styles.tagText}>{children}</span>
    </span>
  );
}
