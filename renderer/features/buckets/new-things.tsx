import { Button } from '@mantine/core';
import { useState } from 'react';
import { NameDialog } from './name-dialog';
import { useCreateBucket, useCreateFolder } from './queries';

/** Makes a bucket on the target. */
export function NewBucket() {
  const [opened, setOpened] = useState(false);
  const create = useCreateBucket();
  const close = () => setOpened(false);
  return (
    <>
      <Button onClick={() => setOpened(true)}>New bucket</Button>
      <NameDialog
        title="New bucket"
        label="Name"
        description="3 to 63 of a–z, 0–9 and hyphens."
        confirm="Create bucket"
        opened={opened}
        onClose={close}
        pending={create.isPending}
        error={create.error}
        onName={(name) => create.mutate(name, { onSuccess: close })}
      />
    </>
  );
}

/** Makes an empty folder, which is an object whose key ends with a slash. */
export function NewFolder({ bucket, prefix }: { bucket: string; prefix: string }) {
  const [opened, setOpened] = useState(false);
  const create = useCreateFolder();
  const close = () => setOpened(false);
  return (
    <>
      <Button onClick={() => setOpened(true)}>New folder</Button>
      <NameDialog
        title="New folder"
        label="Name"
        confirm="Create folder"
        opened={opened}
        onClose={close}
        pending={create.isPending}
        error={create.error}
        onName={(name) => create.mutate({ bucket, prefix: `${prefix}${name}` }, { onSuccess: close })}
      />
    </>
  );
}
