import { Button } from '@mantine/core';
import { formatBytes } from '#shared/model/format-bytes';
import { formatShare, plural } from '../../ui/format';
import { ProgressBar } from '../../ui/progress-bar';
import styles from './buckets.module.css';
import { shownName } from './rows.logic';
import type { UploadItem } from './upload-queue';
import { uploads, useUploads } from './uploads';

function Taken({ items }: { items: readonly UploadItem[] }) {
  const ids = items.map(({ id }) => id);
  return (
    <>
      <div className={styles.jobHead}>
        <strong>{plural(items.length, 'name is', 'names are')} taken</strong>
        <Button size="compact-xs" onClick={() => uploads.answer(ids, true)}>
          Replace all
        </Button>
        <Button size="compact-xs" onClick={() => uploads.answer(ids, false)}>
          Keep all
        </Button>
      </div>
      <ul className={styles.failures} aria-label="Taken names" tabIndex={0}>
        {items.slice(0, 100).map(({ id, key }) => (
          <li key={id} className={styles.jobHead}>
            <span className="mono break">{shownName(key)}</span>
            <Button size="compact-xs" onClick={() => uploads.answer([id], true)}>
              Replace
            </Button>
            <Button size="compact-xs" onClick={() => uploads.answer([id], false)}>
              Keep
            </Button>
          </li>
        ))}
      </ul>
    </>
  );
}

function Failed({ items }: { items: readonly UploadItem[] }) {
  return (
    <>
      <div className={styles.jobHead}>
        <strong role="alert">{plural(items.length, 'file')} could not be uploaded</strong>
        <Button size="compact-xs" onClick={uploads.retry}>
          Try again
        </Button>
      </div>
      <ul className={styles.failures} aria-label="Failed uploads" tabIndex={0}>
        {items.slice(0, 100).map(({ id, key, error }) => (
          <li key={id}>
            <span className="mono">{shownName(key)}</span>{' '}
            <span className="t2">{[error?.message, error?.hint].filter(Boolean).join(' ')}</span>
          </li>
        ))}
      </ul>
    </>
  );
}

/** Files on their way to a bucket: how far they are, and what has to be decided. */
export function UploadList() {
  const state = useUploads();
  const { files, done, skipped, bytes, sent, paused, running, asking, failed } = state;
  if (files === 0) return null;
  const open = files - done - skipped - failed.length - asking.length;
  return (
    <section className={styles.job} aria-label="Uploads">
      <div className={styles.jobHead}>
        <strong>
          {open === 0 ? 'Uploaded' : paused ? 'Upload paused' : 'Uploading'}{' '}
          {formatShare(done, files, 'files')}
        </strong>
        <span className="t2" role="status">
          {open === 0 ? formatBytes(sent) : formatShare(sent, bytes, 'bytes')}
          {skipped === 0 ? '' : `, ${plural(skipped, 'file')} kept as they are`}
        </span>
        <span className={styles.push} />
        {open === 0 ? null : paused ? (
          <Button size="compact-xs" onClick={uploads.resume}>
            Resume
          </Button>
        ) : (
          <Button size="compact-xs" onClick={uploads.pause}>
            Pause
          </Button>
        )}
        <Button size="compact-xs" onClick={uploads.clear}>
          {open + asking.length === 0 ? 'Put away' : 'Give up'}
        </Button>
      </div>
      {open === 0 ? null : <ProgressBar label="Upload" fraction={bytes === 0 ? 0 : sent / bytes} />}
      {running.length === 0 ? null : (
        <div className="muted break">{running.map(({ key }) => shownName(key)).join(', ')}</div>
      )}
      {asking.length === 0 ? null : <Taken items={asking} />}
      {failed.length === 0 ? null : <Failed items={failed} />}
    </section>
  );
}
