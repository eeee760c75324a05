import { Button } from '@mantine/core';
import type { Progress } from '#shared/model/run';
import { formatShare } from '../../ui/format';
import { Loading } from '../../ui/loading';
import { ProgressBar } from '../../ui/progress-bar';
import styles from './migration.module.css';

/** How far work is, with the button that stops it. */
export function WorkProgress({
  label,
  progress,
  stop,
}: {
  label: string;
  progress: Progress | undefined;
  stop: () => void;
}) {
  return (
    <div className={styles.work}>
      <div className={styles.startBar}>
        <Loading>
          {progress === undefined
            ? `${label}…`
            : `${label}: ${formatShare(progress.done, progress.total, progress.unit)}`}
        </Loading>
        <Button onClick={stop}>Stop</Button>
      </div>
      {progress === undefined || progress.total === 0 ? null : (
        <ProgressBar label={label} fraction={progress.done / progress.total} />
      )}
    </div>
  );
}
