import { useVirtualizer } from '@tanstack/react-virtual';
import { useLayoutEffect, useRef, useState } from 'react';
import type { LogLine } from '#shared/model/run';
import { Card } from '../../ui/card';
import { formatClock } from '../../ui/format';
import styles from './migration.module.css';

/** The newest log lines. It follows the end until the operator scrolls up. */
export function RunLog({ lines }: { lines: readonly LogLine[] }) {
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
      title="Log"
      right={lines.length === 0 ? undefined : following ? 'following' : 'scroll to the end to follow'}
    >
      {lines.length === 0 ? <p className={styles.logEmpty}>Nothing has been logged.</p> : null}
      <div
        hidden={lines.length === 0}
        ref={scroller}
        className={styles.log}
        onScroll={onScroll}
        role="log"
        aria-live="off"
        aria-label="Log"
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
                <time dateTime={line.at}>{formatClock(line.at)}</time>{' '}
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
