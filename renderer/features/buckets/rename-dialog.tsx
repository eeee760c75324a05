import { NameDialog } from './name-dialog';
import { useCopyObjects } from './queries';
import { parentOf } from './rows.logic';

export interface Renamed {
  kind: 'folder' | 'object';
  key: string;
}

/** Gives an object of the target, or everything below a folder, another name: it is copied, then deleted under the old one. */
export function RenameDialog({
  bucket,
  item,
  onClose,
}: {
  bucket: string;
  item: Renamed | undefined;
  onClose: () => void;
}) {
  const copy = useCopyObjects();
  const folder = item?.kind === 'folder';
  const key = item?.key ?? '';
  const base = folder ? parentOf(key) : key.slice(0, key.lastIndexOf('/') + 1);
  const rename = (name: string) => {
    const order = {
      from: { side: 'target' as const, bucket },
      move: true,
      ifExists: 'skip' as const,
    };
    copy.mutate(
      folder
        ? { ...order, keys: [], prefixes: [key], base: key, to: { bucket, prefix: `${base}${name}/` } }
        : { ...order, keys: [key], prefixes: [], base, to: { bucket, prefix: '' }, rename: `${base}${name}` },
      { onSuccess: onClose },
    );
  };
  return (
    <NameDialog
      title={folder ? 'Rename the folder' : 'Rename the object'}
      label="New name"
      description="It is copied, then deleted under its old name. A name that is taken stays as it is."
      before={key.slice(base.length, folder ? -1 : undefined)}
      confirm="Rename"
      opened={item !== undefined}
      onClose={onClose}
      pending={copy.isPending}
      error={copy.error}
      onName={rename}
    />
  );
}
