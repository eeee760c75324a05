import { Button } from '@mantine/core';
import { useState } from 'react';
import { formatBytes } from '#shared/model/format-bytes';
import { ConfirmDialog } from '../../ui/confirm-dialog';
import { ErrorPanel } from '../../ui/error-panel';
import { formatDateTime } from '../../ui/format';
import { SidePanelSection } from '../../ui/side-panel';
import { Tag } from '../../ui/tag';
import styles from './buckets.module.css';
import { useDeleteVersion, useDownload, useVersions, type ObjectPlace } from './queries';

/** The versions of an object, where its side keeps some. */
export function Versions({ place, base }: { place: ObjectPlace; base: string }) {
  const { side, bucket, key } = place;
  const query = useVersions(place);
  const download = useDownload();
  const remove = useDeleteVersion();
  const [deleting, setDeleting] = useState<string>();
  const found = query.data?.versions ?? [];
  if (query.isError) return <ErrorPanel error={query.error} retry={() => void query.refetch()} />;
  if (found.length < 2) return null;
  return (
    <SidePanelSection title={`Versions (${found.length})`}>
      <ul className={styles.jobs}>
        {found.map(({ versionId, modifiedAt, deleted, size, latest }) => (
          <li key={versionId} className={styles.jobHead}>
            <span>{formatDateTime(modifiedAt)}</span>
            <span className="t2">{deleted ? 'deleted' : formatBytes(size)}</span>
            {latest ? <Tag tone="ok">Current</Tag> : null}
            <span className={styles.push} />
            {deleted ? null : (
              <Button
                size="compact-xs"
                aria-label={`Download the version of ${formatDateTime(modifiedAt)}`}
                onClick={() => download.mutate({ side, bucket, keys: [key], prefixes: [], base, versionId })}
              >
                Download
              </Button>
            )}
            {side === 'source' ? null : (
              <Button
                size="compact-xs"
                c="var(--bad)"
                aria-label={`Delete the version of ${formatDateTime(modifiedAt)}`}
                onClick={() => setDeleting(versionId)}
              >
                Delete…
              </Button>
            )}
          </li>
        ))}
      </ul>
      {remove.isError ? <ErrorPanel error={remove.error} /> : null}
      <ConfirmDialog
        title="Delete a version"
        opened={deleting !== undefined}
        onClose={() => setDeleting(undefined)}
        onConfirm={() => {
          if (deleting !== undefined) remove.mutate({ bucket, key, versionId: deleting });
        }}
        confirm="Delete for good"
        danger
        typed={bucket}
      >
        This version will be gone for good. The other versions stay.
      </ConfirmDialog>
    </SidePanelSection>
  );
}
