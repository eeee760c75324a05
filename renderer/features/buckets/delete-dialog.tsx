import { formatBytes } from '#shared/model/format-bytes';
import { ConfirmDialog } from '../../ui/confirm-dialog';
import { ErrorPanel } from '../../ui/error-panel';
import { formatCount, plural } from '../../ui/format';
import { Loading } from '../../ui/loading';
import { useUsageSum } from './queries';
import { shownName } from './rows.logic';

/** Keys that the dialog names one by one. */
const named = 5;

interface DeleteDialogProps {
  bucket: string;
  keys: readonly string[];
  prefixes: readonly string[];
  /** Bytes of the keys, as the list knows them. */
  bytes: number;
  opened: boolean;
  onClose: () => void;
  onDelete: () => void;
}

function WhatIsLost({ bucket, keys, prefixes, bytes }: DeleteDialogProps) {
  const below = useUsageSum('target', bucket, prefixes, true);
  const objects = keys.length + (below.data?.objects ?? 0);
  const names = [...prefixes.map((prefix) => (prefix === '' ? 'the whole bucket' : prefix)), ...keys];
  return (
    <>
      {below.isError ? (
        <ErrorPanel error={below.error} retry={() => void below.refetch()} />
      ) : prefixes.length > 0 && below.data?.complete !== true ? (
        <Loading>{`Counting what would be deleted: ${plural(objects, 'object')} so far`}</Loading>
      ) : (
        <p>
          {plural(objects, 'object')} of {bucket} with {formatBytes(bytes + (below.data?.bytes ?? 0))} will be
          deleted for good. R2 keeps no versions.
        </p>
      )}
      <ul style={{ margin: '8px 0' }}>
        {names.slice(0, named).map((name) => (
          <li key={name} className="mono break">
            {shownName(name)}
          </li>
        ))}
        {names.length > named ? (
          <li className="muted">and {formatCount(names.length - named)} more</li>
        ) : null}
      </ul>
    </>
  );
}

/** Names what would be lost, and asks for the bucket's name. */
export function DeleteDialog(props: DeleteDialogProps) {
  return (
    <ConfirmDialog
      title="Delete objects"
      opened={props.opened}
      onClose={props.onClose}
      onConfirm={props.onDelete}
      confirm="Delete for good"
      danger
      typed={props.bucket}
    >
      <WhatIsLost {...props} />
    </ConfirmDialog>
  );
}
