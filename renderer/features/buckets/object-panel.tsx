import { Button, Menu } from '@mantine/core';
import { useState } from 'react';
import type { ObjectAttributesText } from '#shared/model/buckets';
import { formatBytes } from '#shared/model/format-bytes';
import { CopyButton } from '../../ui/copy-button';
import { ErrorPanel } from '../../ui/error-panel';
import { Facts } from '../../ui/facts';
import { formatCount, formatDateTime } from '../../ui/format';
import { Loading } from '../../ui/loading';
import { SidePanel, SidePanelSection } from '../../ui/side-panel';
import { curlCommand, s3Address } from './addresses.logic';
import styles from './buckets.module.css';
import { MetadataDialog } from './metadata-dialog';
import { Preview } from './preview';
import { useDownload, useObject, type ObjectPlace } from './queries';
import { shownName } from './rows.logic';
import { SignedLinkDialog } from './signed-link-dialog';
import { Versions } from './versions';

function attributeFacts({ headers, metadata }: ObjectAttributesText): { label: string; value: string }[] {
  return [
    ...Object.entries(headers).map(([label, value]) => ({ label, value: shownName(value) })),
    ...Object.entries(metadata).map(([name, value]) => ({
      label: `x-amz-meta-${name}`,
      value: shownName(value),
    })),
  ];
}

interface ObjectPanelProps {
  place: ObjectPlace;
  onClose: () => void;
  onCopy: () => void;
  /** Absent on the source, which is only read. */
  onRename: (() => void) | undefined;
  onDelete: (() => void) | undefined;
}

/** Everything about one object. */
export function ObjectPanel({ place, onClose, onCopy, onRename, onDelete }: ObjectPanelProps) {
  const object = useObject(place);
  const download = useDownload();
  const [dialog, setDialog] = useState<'link' | 'metadata'>();
  const closeDialog = () => setDialog(undefined);
  const { side, bucket, key } = place;
  const name = shownName(key.slice(key.lastIndexOf('/') + 1) || key);
  const publicUrl = object.data?.publicUrl;
  const base = key.slice(0, key.lastIndexOf('/') + 1);
  return (
    <SidePanel
      title={name}
      onClose={onClose}
      footer={
        <>
          <Button
            loading={download.isPending}
            onClick={() => download.mutate({ side, bucket, keys: [key], prefixes: [], base })}
          >
            Download
          </Button>
          <Button onClick={() => setDialog('link')}>Signed link…</Button>
          <Menu position="top-end">
            <Menu.Target>
              <Button>More</Button>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item onClick={onCopy}>Copy to…</Menu.Item>
              {onRename === undefined ? null : <Menu.Item onClick={onRename}>Rename…</Menu.Item>}
              {side === 'target' && object.isSuccess ? (
                <Menu.Item onClick={() => setDialog('metadata')}>Edit metadata…</Menu.Item>
              ) : null}
              {onDelete === undefined ? null : (
                <Menu.Item c="var(--bad)" onClick={onDelete}>
                  Delete…
                </Menu.Item>
              )}
            </Menu.Dropdown>
          </Menu>
        </>
      }
    >
      {download.isError ? <ErrorPanel error={download.error} /> : null}
      {object.isPending ? <Loading>Reading the object</Loading> : null}
      {object.isError ? <ErrorPanel error={object.error} retry={() => void object.refetch()} /> : null}
      {object.isSuccess ? (
        <>
          <Preview key={`${key} ${object.data.etag}`} place={place} etag={object.data.etag} name={name} />
          <Facts
            items={[
              { label: 'Key', value: shownName(key) },
              {
                label: 'Size',
                value: `${formatBytes(object.data.size)} (${formatCount(object.data.size)} bytes)`,
              },
              { label: 'Modified', value: formatDateTime(object.data.modifiedAt) },
              { label: 'ETag', value: object.data.etag },
              ...attributeFacts(object.data.attributes),
            ]}
          />
          <SidePanelSection title="Addresses">
            <div className={styles.tools}>
              {publicUrl === undefined ? null : <CopyButton text={publicUrl}>Copy public URL</CopyButton>}
              <CopyButton text={s3Address(bucket, key)}>Copy s3://</CopyButton>
              {publicUrl === undefined ? null : (
                <CopyButton text={curlCommand(publicUrl, name)}>Copy curl</CopyButton>
              )}
            </div>
            {publicUrl === undefined ? (
              <p className="muted">
                Set R2_PUBLIC_URL or R2_PUBLIC_URLS to see the public address of this bucket’s files.
              </p>
            ) : null}
          </SidePanelSection>
          <Versions place={place} base={base} />
          <MetadataDialog
            bucket={bucket}
            objectKey={key}
            etag={object.data.etag}
            attributes={object.data.attributes}
            opened={dialog === 'metadata'}
            onClose={closeDialog}
          />
        </>
      ) : null}
      <SignedLinkDialog place={place} opened={dialog === 'link'} onClose={closeDialog} />
    </SidePanel>
  );
}
