import { useState, type DragEvent, type ReactNode } from 'react';
import { toAppError, type AppError } from '#shared/model/errors';
import { ErrorPanel } from '../../ui/error-panel';
import { joinClasses } from '../../ui/join-classes';
import styles from './buckets.module.css';
import { droppedFiles } from './dropped-files';
import { uploads } from './uploads';

interface DropTargetProps {
  /** Absent where nothing can be uploaded. */
  bucket: string | undefined;
  prefix: string;
  children: ReactNode;
}

/** The pane of a folder, into which files and folders can be dropped. */
export function DropTarget({ bucket, prefix, children }: DropTargetProps) {
  const [over, setOver] = useState(false);
  const [error, setError] = useState<AppError>();
  const onDragOver = (event: DragEvent) => {
    if (!event.dataTransfer.types.includes('Files')) return;
    // Without it the browser would leave the page and open the file.
    event.preventDefault();
    event.dataTransfer.dropEffect = bucket === undefined ? 'none' : 'copy';
    setOver(bucket !== undefined);
  };
  const onDrop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    setError(undefined);
    if (bucket === undefined) return;
    droppedFiles(event.dataTransfer.items).then(
      (files) => uploads.add(files.map(({ path, file }) => ({ bucket, key: `${prefix}${path}`, file }))),
      (thrown: unknown) => setError(toAppError(thrown)),
    );
  };
  return (
    <div
      className={joinClasses(styles.pane, over && styles.dropping)}
      onDragOver={onDragOver}
      onDragLeave={() => setOver(false)}
      onDrop={onDrop}
    >
      {error === undefined ? null : <ErrorPanel error={error} title="The files could not be read" />}
      {children}
    </div>
  );
}
