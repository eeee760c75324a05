import { Button, Menu, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useState } from 'react';
import { formatBytes } from '#shared/model/format-bytes';
import { EmptyState } from '../../ui/empty-state';
import { ErrorPanel } from '../../ui/error-panel';
import { formatCount, plural } from '../../ui/format';
import { SidePanelLayout } from '../../ui/side-panel';
import styles from './buckets.module.css';
import { CopyDialog, type Choice } from './copy-dialog';
import { DeleteDialog } from './delete-dialog';
import { DropTarget } from './drop-target';
import { ObjectGrid } from './object-grid';
import { ObjectPanel } from './object-panel';
import {
  useDeleteObjects,
  useDownload,
  useFind,
  useListing,
  useListVersion,
  useRowListState,
  type Place,
} from './queries';
import { RenameDialog, type Renamed } from './rename-dialog';
import { parentOf, shownName, type SortColumn, type SortOrder } from './rows.logic';
import { chosenKeys, countChosen, nothingChosen } from './selection.logic';
import { useShownRows } from './shown-rows';
import { UsageDialog } from './usage-dialog';

interface ObjectBrowserProps {
  place: Place;
  /** The object whose panel is open. */
  opened: string | undefined;
  onFolder: (prefix: string) => void;
  onObject: (key: string | undefined) => void;
}

/** One folder of a bucket: what is in it, and what can be done with it. */
export function ObjectBrowser({ place, opened, onFolder, onObject }: ObjectBrowserProps) {
  const { side, bucket, prefix } = place;
  const [text, setText] = useState('');
  const [filter] = useDebouncedValue(text, 150);
  const [sought, setSought] = useState<string>();
  const [sort, setSort] = useState<SortOrder>();
  const [selection, setSelection] = useState(nothingChosen);
  const [deleting, setDeleting] = useState<{ keys: string[]; prefixes: string[] }>();
  const [copying, setCopying] = useState<{ choice: Choice; move: boolean }>();
  const [renaming, setRenaming] = useState<Renamed>();
  const [measured, setMeasured] = useState(false);
  const listing = useListing({ side, bucket, prefix: `${prefix}${filter}` }, useListVersion());
  const find = useFind(place, sought);
  const { list, sortable } = useShownRows(listing, sought === undefined ? undefined : find.data, sort);
  const state = useRowListState(list);
  const download = useDownload();
  const remove = useDeleteObjects();

  const writable = side === 'target';
  const base = sought === undefined ? `${prefix}${filter}` : prefix;
  const chosen = chosenKeys(selection, base);
  const number = countChosen(selection);
  const bytes = [...selection.chosen.values()].reduce(
    (sum, row) => sum + (row.kind === 'object' ? row.object.size : 0),
    0,
  );
  const askDelete = (what: { keys: string[]; prefixes: string[] }) => {
    if (what.keys.length + what.prefixes.length > 0) setDeleting(what);
  };
  const onlyRow = selection.chosen.size === 1 ? [...selection.chosen.values()][0] : undefined;
  const copyChosen = (move: boolean) =>
    setCopying({ choice: { side, bucket, base: prefix, ...chosen }, move });
  const clear = () => setSelection({ ...nothingChosen, active: selection.active });
  const onSort = (by: SortColumn) =>
    setSort((now) =>
      now?.by === by ? { by, descending: !now.descending } : { by, descending: by !== 'name' },
    );
  const failed = sought === undefined ? state.error : (find.error ?? undefined);

  return (
    <>
      <div className={styles.bar}>
        <TextInput
          className={styles.filter}
          aria-label="Filter by the beginning of the name"
          placeholder="Filter by the beginning of the name"
          value={text}
          onChange={(event) => {
            setText(event.currentTarget.value);
            setSought(undefined);
            setSelection(nothingChosen);
          }}
        />
        {sought === undefined ? (
          <Button disabled={text === ''} onClick={() => setSought(text)}>
            Find anywhere in the name
          </Button>
        ) : find.isFetching ? (
          <Button onClick={find.stop}>Stop</Button>
        ) : (
          <Button onClick={() => setSought(undefined)}>Back to the folder</Button>
        )}
        <span className={styles.push} />
        {number === 0 ? (
          <Button onClick={() => setMeasured(true)}>Usage…</Button>
        ) : (
          <>
            <span className="t2" role="status">
              {number === undefined ? 'Everything here is chosen' : `${plural(number, 'row')} chosen`}
            </span>
            <Button
              loading={download.isPending}
              onClick={() => download.mutate({ side, bucket, ...chosen, base: prefix })}
            >
              Download
            </Button>
            {writable ? (
              <Button c="var(--bad)" onClick={() => askDelete(chosen)}>
                Delete…
              </Button>
            ) : null}
            <Menu position="bottom-end">
              <Menu.Target>
                <Button>More</Button>
              </Menu.Target>
              <Menu.Dropdown>
                <Menu.Item onClick={() => copyChosen(false)}>Copy to…</Menu.Item>
                {writable ? <Menu.Item onClick={() => copyChosen(true)}>Move to…</Menu.Item> : null}
                {writable && onlyRow !== undefined ? (
                  <Menu.Item onClick={() => setRenaming(onlyRow)}>Rename…</Menu.Item>
                ) : null}
              </Menu.Dropdown>
            </Menu>
            <Button onClick={clear}>Clear</Button>
          </>
        )}
      </div>
      {download.isError ? <ErrorPanel error={download.error} /> : null}
      {remove.isError ? <ErrorPanel error={remove.error} /> : null}
      <SidePanelLayout>
        <DropTarget bucket={writable ? bucket : undefined} prefix={prefix}>
          <h2 className="sr-only">Objects of {bucket}</h2>
          {failed !== undefined && state.known === 0 ? (
            <div className={styles.notes}>
              <ErrorPanel
                error={failed}
                retry={() => (sought === undefined ? list.retry() : void find.refetch())}
              />
            </div>
          ) : state.known === 0 && state.complete ? (
            <EmptyState
              title={filter === '' && sought === undefined ? 'The folder is empty' : 'Nothing matches'}
            >
              {sought === undefined
                ? filter === ''
                  ? 'There is no object below it.'
                  : 'No name here begins so. Names are compared letter for letter.'
                : 'No key below this folder holds the text.'}
            </EmptyState>
          ) : (
            <ObjectGrid
              key={`${base} ${sought ?? ''}`}
              label={`Objects of ${bucket}`}
              view={side}
              prefix={prefix}
              list={list}
              state={state}
              selection={selection}
              onSelect={setSelection}
              onOpen={(row) => (row.kind === 'folder' ? onFolder(row.key) : onObject(row.key))}
              onUp={() => {
                if (prefix !== '') onFolder(parentOf(prefix));
              }}
              onDelete={writable ? () => askDelete(chosen) : undefined}
              canChooseAll={sought === undefined}
              sort={sort}
              onSort={sortable ? onSort : undefined}
            />
          )}
          <div className={styles.status}>
            {sought === undefined ? (
              <span>
                {state.complete
                  ? plural(state.known, 'row')
                  : `${formatCount(state.known)} rows so far, more below`}
              </span>
            ) : (
              <span role="status">
                {`${formatCount(find.data?.scanned ?? 0)} keys looked at, ${formatCount(state.known)} hold “${shownName(sought)}”${find.isFetching ? '…' : ''}`}
              </span>
            )}
            {number === undefined || number === 0 ? null : <span>{formatBytes(bytes)} chosen</span>}
            {state.loading ? <span>Reading…</span> : null}
            {failed !== undefined && state.known > 0 ? (
              <Button size="compact-xs" c="var(--bad)" onClick={() => list.retry()}>
                Reading failed: try again
              </Button>
            ) : null}
          </div>
        </DropTarget>
        {opened === undefined ? null : (
          <ObjectPanel
            place={{ side, bucket, key: opened }}
            onClose={() => onObject(undefined)}
            onCopy={() =>
              setCopying({
                choice: { side, bucket, base: prefix, keys: [opened], prefixes: [] },
                move: false,
              })
            }
            onRename={writable ? () => setRenaming({ kind: 'object', key: opened }) : undefined}
            onDelete={writable ? () => askDelete({ keys: [opened], prefixes: [] }) : undefined}
          />
        )}
      </SidePanelLayout>
      <CopyDialog
        choice={copying?.choice}
        move={copying?.move === true}
        onClose={() => setCopying(undefined)}
      />
      <RenameDialog bucket={bucket} item={renaming} onClose={() => setRenaming(undefined)} />
      <UsageDialog place={{ side, bucket, prefix }} opened={measured} onClose={() => setMeasured(false)} />
      <DeleteDialog
        bucket={bucket}
        keys={deleting?.keys ?? []}
        prefixes={deleting?.prefixes ?? []}
        bytes={bytes}
        opened={deleting !== undefined}
        onClose={() => setDeleting(undefined)}
        onDelete={() => {
          if (deleting === undefined) return;
          remove.mutate({ bucket, ...deleting });
          if (opened !== undefined && deleting.keys.includes(opened)) onObject(undefined);
          clear();
        }}
      />
    </>
  );
}
