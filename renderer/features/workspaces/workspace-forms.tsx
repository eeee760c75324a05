import { Button, TextInput } from '@mantine/core';
import { useState } from 'react';
import { ErrorPanel } from '../../ui/error-panel';
import { useCreateWorkspace, useOpenWorkspace } from './queries';
import styles from './workspaces.module.css';

/** Opens the workspace in a folder of this machine. */
export function OpenWorkspaceForm({ onDone }: { onDone: () => void }) {
  const [path, setPath] = useState('');
  const open = useOpenWorkspace();
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (path.trim() !== '') open.mutate({ path: path.trim() }, { onSuccess: onDone });
      }}
    >
      <TextInput
        label="Folder"
        description="Path on the machine where Cutover runs. It holds a workspace.json."
        placeholder="/home/me/acme-shop"
        value={path}
        onChange={(event) => setPath(event.currentTarget.value)}
        required
        autoComplete="off"
      />
      {open.isError ? <ErrorPanel error={open.error} /> : null}
      <div className={styles.buttons}>
        <Button type="submit" variant="filled" loading={open.isPending}>
          Open workspace
        </Button>
      </div>
    </form>
  );
}

/** Creates a workspace: a folder with settings, secrets and runs. */
export function CreateWorkspaceForm({ onDone }: { onDone: () => void }) {
  const [name, setName] = useState('');
  const [path, setPath] = useState('');
  const create = useCreateWorkspace();
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim() === '') return;
        create.mutate(
          { name: name.trim(), ...(path.trim() === '' ? {} : { path: path.trim() }) },
          { onSuccess: onDone },
        );
      }}
    >
      <TextInput
        label="Name"
        description="The application that you move."
        placeholder="acme-shop"
        maxLength={80}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        required
        autoComplete="off"
      />
      <TextInput
        label="Folder"
        description="Empty: a folder of this name in Cutover’s own place."
        value={path}
        onChange={(event) => setPath(event.currentTarget.value)}
        autoComplete="off"
      />
      {create.isError ? <ErrorPanel error={create.error} /> : null}
      <div className={styles.buttons}>
        <Button type="submit" variant="filled" loading={create.isPending}>
          Create workspace
        </Button>
      </div>
    </form>
  );
}
