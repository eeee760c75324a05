import { Button, Checkbox, NativeSelect, TextInput } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import { targetBucket } from '#shared/model/bucket-naming';
import type { Side } from '#shared/model/buckets';
import { Dialog } from '../../ui/dialog';
import { ErrorPanel } from '../../ui/error-panel';
import { plural } from '../../ui/format';
import { Loading } from '../../ui/loading';
import styles from './buckets.module.css';
import { useBuckets, useCopyObjects } from './queries';

/** Objects and folders of one folder. */
export interface Choice {
  side: Side;
  bucket: string;
  /** The folder that they are chosen in; what comes behind it stays in their names. */
  base: string;
  keys: string[];
  prefixes: string[];
}

/** The buttons under a form of a dialog. */
export function FormButtons({ onClose, children }: { onClose: () => void; children: ReactNode }) {
  return (
    <div className={styles.tools} style={{ justifyContent: 'flex-end' }}>
      <Button onClick={onClose}>Back</Button>
      {children}
    </div>
  );
}

function CopyForm({ choice, move, onClose }: { choice: Choice; move: boolean; onClose: () => void }) {
  const { side, base, ...rest } = choice;
  const target = useBuckets('target');
  const names = target.data?.buckets.map(({ name }) => name) ?? [];
  const naming = target.data?.naming;
  const other = naming === undefined ? undefined : targetBucket(naming, choice.bucket);
  const likely = side === 'target' ? choice.bucket : names.find((name) => name === other);
  const [bucket, setBucket] = useState<string>();
  const [prefix, setPrefix] = useState(side === 'source' ? base : '');
  const [replace, setReplace] = useState(false);
  const copy = useCopyObjects();
  const to = bucket ?? likely ?? names[0];
  if (target.isPending) return <Loading>Listing the buckets of R2</Loading>;
  if (target.isError) return <ErrorPanel error={target.error} retry={() => void target.refetch()} />;
  return (
    <form
      className={styles.jobs}
      onSubmit={(event) => {
        event.preventDefault();
        if (to === undefined) return;
        copy.mutate(
          {
            from: { side, bucket: rest.bucket },
            keys: rest.keys,
            prefixes: rest.prefixes,
            base,
            to: { bucket: to, prefix: prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/` },
            move,
            ifExists: replace ? 'replace' : 'skip',
          },
          { onSuccess: onClose },
        );
      }}
    >
      <p>
        {[
          ...(choice.keys.length === 0 ? [] : [plural(choice.keys.length, 'object')]),
          ...(choice.prefixes.length === 0 ? [] : [plural(choice.prefixes.length, 'folder')]),
        ].join(' and ')}{' '}
        {move ? 'will be copied, then deleted where they are.' : 'will be copied.'}
      </p>
      <NativeSelect
        label="Bucket on R2"
        data={names}
        value={to ?? ''}
        onChange={(event) => setBucket(event.currentTarget.value)}
      />
      <TextInput
        label="Folder"
        description="Empty for the top of the bucket."
        value={prefix}
        onChange={(event) => setPrefix(event.currentTarget.value)}
      />
      <Checkbox
        label="Replace objects that are there already"
        checked={replace}
        onChange={(event) => setReplace(event.currentTarget.checked)}
      />
      {copy.isError ? <ErrorPanel error={copy.error} /> : null}
      <FormButtons onClose={onClose}>
        <Button type="submit" variant="filled" loading={copy.isPending} disabled={to === undefined}>
          {move ? 'Move' : 'Copy'}
        </Button>
      </FormButtons>
    </form>
  );
}

/** Copies or moves a choice to a folder on the target. */
export function CopyDialog({
  choice,
  move,
  onClose,
}: {
  choice: Choice | undefined;
  move: boolean;
  onClose: () => void;
}) {
  return (
    <Dialog title={move ? 'Move on R2' : 'Copy to R2'} opened={choice !== undefined} onClose={onClose}>
      {choice === undefined ? null : <CopyForm choice={choice} move={move} onClose={onClose} />}
    </Dialog>
  );
}
