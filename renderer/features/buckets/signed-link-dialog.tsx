import { Button, NativeSelect } from '@mantine/core';
import { useState } from 'react';
import { CopyButton } from '../../ui/copy-button';
import { Dialog } from '../../ui/dialog';
import { ErrorPanel } from '../../ui/error-panel';
import { formatDateTime } from '../../ui/format';
import styles from './buckets.module.css';
import { usePresign, type ObjectPlace } from './queries';

const times = [
  { value: '900', label: '15 minutes' },
  { value: '3600', label: '1 hour' },
  { value: '86400', label: '1 day' },
  { value: '604800', label: '7 days' },
];

function SignedLink({ place, onClose }: { place: ObjectPlace; onClose: () => void }) {
  const [seconds, setSeconds] = useState('3600');
  const presign = usePresign();
  return (
    <div className={styles.jobs}>
      <p>Whoever has the link can read the object until it expires. It can’t be taken back before.</p>
      <NativeSelect
        label="Good for"
        data={times}
        value={seconds}
        onChange={(event) => {
          setSeconds(event.currentTarget.value);
          presign.reset();
        }}
      />
      {presign.isError ? <ErrorPanel error={presign.error} /> : null}
      {presign.isSuccess ? (
        <>
          <div className={styles.link} role="group" aria-label="Signed link" tabIndex={0}>
            {presign.data.url}
          </div>
          <p className="muted">Expires {formatDateTime(presign.data.expiresAt)}.</p>
        </>
      ) : null}
      <div className={styles.tools} style={{ justifyContent: 'flex-end' }}>
        <Button onClick={onClose}>Close</Button>
        {presign.isSuccess ? (
          <CopyButton text={presign.data.url}>Copy link</CopyButton>
        ) : (
          <Button
            variant="filled"
            loading={presign.isPending}
            onClick={() => presign.mutate({ ...place, expiresIn: Number(seconds) })}
          >
            Make link
          </Button>
        )}
      </div>
    </div>
  );
}

/** Makes a link that reads one object for some time without a key. */
export function SignedLinkDialog({
  opened,
  ...rest
}: {
  place: ObjectPlace;
  opened: boolean;
  onClose: () => void;
}) {
  return (
    <Dialog title="Signed link" opened={opened} onClose={rest.onClose}>
      <SignedLink {...rest} />
    </Dialog>
  );
}
