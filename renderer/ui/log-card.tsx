import { useVirtualizer } from '@tanstack/react-virtual';
import { type ReactNode, useLayoutEffect, useRef, useState } from 'react';
import { Card } from './card';
import { formatClock } from './format';
import styles from './log-card.module.css';

interface ShownLine {
  /** ISO 8601; left out when the line has no time of its own. */
  at?: string;
  level: 'info' | 'warn' | 'error';
  message: string;
  /** Who said it, where lines of several are shown. */
  source?: string;
}

interface LogCardProps {
  lines: readonly ShownLine[];
  title?: string;
  empty?: string;
  /** Filters above the lines. */
  children?: ReactNode;
}

/** The newest log lines. It follows the end until the operator scrolls up. */
export function LogCard({
  lines,
  title = 'Log',
  empty = 'Nothing has been logged.',
  children,
}: LogCardProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const [following, setFollowing] = useState(true);
  const virtualizer = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => 22,
    overscan: 8,
  });
  const last = lines.at(-1);
  useLayoutEffect(() => {
    if (following && lines.length > 0) virtualizer.scrollToIndex(lines.length - 1, { align: 'end' });
  }, [following, last, lines.length, virtualizer]);
  const onScroll = () => {
    const box = scroller.current;
    if (box !== null) setFollowing(box.scrollHeight - box.scrollTop - box.clientHeight < 40);
  };
  return (
    <Card
      title={title}
      right={lines.length === 0 ? undefined : following ? 'following' : 'scroll to the end to follow'}
    >
      {children}
      {lines.length === 0 ? <p className={styles.logEmpty}>{empty}</p> : null}
      <div
        hidden={lines.length === 0}
        ref={scroller}
        className={styles.log}
        onScroll={onScroll}
        role="log"
        aria-live="off"
        aria-label={title}
        tabIndex={0}
      >
        <div style={{ position: 'relative', height: virtualizer.getTotalSize() }}>
          {virtualizer.getVirtualItems().map((item) => {
            const line = lines[item.index];
            if (line === undefined) return null;
            return (
              <div
                key={item.key}
                ref={virtualizer.measureElement}
                data-index={item.index}
                data-level={line.level}
                className={styles.logLine}
                style={{ transform: `translateY(${item.start}px)` }}
              >
                {line.at === undefined ? null : <time dateTime={line.at}>{formatClock(line.at)}</time>}{' '}
                {line.source === undefined ? null : <span className={styles.source}>{line.source} </span>}
                {line.level === 'info' ? null : (
                  <span className="sr-only">{line.level === 'warn' ? 'Warning: ' : 'Error: '}</span>
                )}
                {line.message}
              </div>
            );
          })}
        </div>
      </div>
    </Card>
  );
}
