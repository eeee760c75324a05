import { Button, Menu } from '@mantine/core';
import { useRef, type ChangeEvent } from 'react';
import { pickedFiles } from './dropped-files';
import { uploads } from './uploads';

/** Chooses files or a folder to upload. */
export function UploadMenu({ bucket, prefix }: { bucket: string; prefix: string }) {
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const onChoose = ({ currentTarget }: ChangeEvent<HTMLInputElement>) => {
    uploads.add(
      pickedFiles(currentTarget.files).map(({ path, file }) => ({ bucket, key: `${prefix}${path}`, file })),
    );
    // The same file can be chosen again.
    currentTarget.value = '';
  };
  return (
    <>
      <input ref={files} type="file" multiple hidden aria-label="Files to upload" onChange={onChoose} />
      <input
        ref={(input) => {
          input?.setAttribute('webkitdirectory', '');
          folder.current = input;
        }}
        type="file"
        hidden
        aria-label="Folder to upload"
        onChange={onChoose}
      />
      <Menu position="bottom-end">
        <Menu.Target>
          <Button variant="filled">Upload</Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => files.current?.click()}>Files…</Menu.Item>
          <Menu.Item onClick={() => folder.current?.click()}>Folder…</Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </>
  );
}
