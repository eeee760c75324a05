import { Button, NativeSelect } from '@mantine/core';
import { useState } from 'react';
import { targetBucket } from '#shared/model/bucket-naming';
import type { ComparisonFilter, Side } from '#shared/model/buckets';
import { EmptyState } from '../../ui/empty-state';
import { ErrorPanel } from '../../ui/error-panel';
import { formatCount, plural } from '../../ui/format';
import { SidePanelLayout } from '../../ui/side-panel';
import styles from './buckets.module.css';
import { CopyDialog, type Choice } from './copy-dialog';
import { ObjectGrid } from './object-grid';
import { ObjectPanel } from './object-panel';
import { useBuckets, useComparison, useListVersion, useRowListState } from './queries';
import { parentOf, type Row } from './rows.logic';
import { chosenKeys, countChosen, nothingChosen } from './selection.logic';

const filters: { value: ComparisonFilter; label: string }[] = [
  { value: 'all', label: 'Everything, folder by folder' },
  { value: 'unequal', label: 'All that is not the same, with folders' },
  { value: 'missing', label: 'Missing on R2' },
  { value: 'differs', label: 'Different on R2' },
  { value: 'target-only', label: 'Only on R2' },
];

function filterOf(text: string): ComparisonFilter {
  return filters.find(({ value }) => value === text)?.value ?? 'all';
}

const sides: readonly { side: Side; name: string }[] = [
  { side: 'source', name: 'MinIO' },
  { side: 'target', name: 'R2' },
];

interface CompareBrowserProps {
  /** By its name on MinIO. */
  bucket: string;
  prefix: string;
  /** The object whose panel is open. */
  opened: string | undefined;
  onFolder: (prefix: string) => void;
  onObject: (key: string | undefined) => void;
}

/** A folder of both sides in one list: what each has under a key, and what is to be copied yet. */
export function CompareBrowser({ bucket, prefix, opened, onFolder, onObject }: CompareBrowserProps) {
  const [show, setShow] = useState<ComparisonFilter>('all');
  const [looked, setLooked] = useState(0);
  const [selection, setSelection] = useState(nothingChosen);
  const [shownSide, setShownSide] = useState<Side>('source');
  const [copying, setCopying] = useState<Choice>();
  const list = useComparison({ bucket, prefix }, show, useListVersion(), setLooked);
  const state = useRowListState(list);
  const naming = useBuckets('source').data?.naming;
  const names = { source: bucket, target: naming === undefined ? bucket : targetBucket(naming, bucket) };
  const number = countChosen(selection);
  const onSource = [...selection.chosen].filter(([, row]) => row.sides?.source !== undefined);
  const chosen = chosenKeys({ ...selection, chosen: new Map(onSource) }, prefix);
  const copyable = chosen.keys.length + chosen.prefixes.length;
  const choose = (what: Pick<Choice, 'keys' | 'prefixes'>) =>
    setCopying({ side: 'source', bucket, base: prefix, ...what });
  const openRow = (row: Row) => {
    if (row.kind === 'folder') onFolder(row.key);
    else {
      setShownSide(row.sides?.source === undefined ? 'target' : 'source');
      onObject(row.key);
    }
  };
  const empty = state.known === 0;

  return (
    <>
      <div className={styles.bar}>
        <NativeSelect
          aria-label="Show"
          data={filters}
          value={show}
          onChange={(event) => {
            setShow(filterOf(event.currentTarget.value));
            setSelection(nothingChosen);
          }}
        />
        <span className={styles.push} />
        {opened === undefined ? null : (
          <div className={styles.sides} role="group" aria-label="Details of">
            {sides.map(({ side, name }) => (
              <button
                key={side}
                type="button"
                aria-pressed={shownSide === side}
                onClick={() => setShownSide(side)}
              >
                {name}
              </button>
            ))}
          </div>
        )}
        {number === 0 ? null : (
          <>
            <span className="t2" role="status">
              {number === undefined ? 'Everything here is chosen' : `${plural(number, 'row')} chosen`}
            </span>
            <Button disabled={copyable === 0} onClick={() => choose(chosen)}>
              Copy to R2…
            </Button>
            <Button onClick={() => setSelection({ ...nothingChosen, active: selection.active })}>
              Clear
            </Button>
          </>
        )}
      </div>
      <SidePanelLayout>
        <div className={styles.pane}>
          <h2 className="sr-only">Objects of {bucket} on both sides</h2>
          {state.error !== undefined && empty ? (
            <div className={styles.notes}>
              <ErrorPanel error={state.error} retry={() => list.retry()} />
            </div>
          ) : empty && state.complete ? (
            <EmptyState title={show === 'all' ? 'The folder is empty' : 'Nothing to show'}>
              {show === 'all'
                ? 'There is no object below it on either side.'
                : `${plural(looked, 'key')} were compared; none is so.`}
            </EmptyState>
          ) : (
            <ObjectGrid
              key={show}
              label={`Objects of ${bucket} on both sides`}
              view="both"
              prefix={prefix}
              list={list}
              state={state}
              selection={selection}
              onSelect={setSelection}
              onOpen={openRow}
              onUp={() => {
                if (prefix !== '') onFolder(parentOf(prefix));
              }}
              onDelete={undefined}
              canChooseAll={show === 'all'}
              sort={undefined}
              onSort={undefined}
            />
          )}
          <div className={styles.status}>
            <span role="status">
              {state.complete
                ? `${plural(state.known, 'row')}, ${plural(looked, 'key')} compared`
                : `${formatCount(state.known)} rows so far, ${plural(looked, 'key')} compared`}
            </span>
            {state.loading ? <span>Reading…</span> : null}
            {state.error !== undefined && !empty ? (
              <Button size="compact-xs" c="var(--bad)" onClick={() => list.retry()}>
                Reading failed: try again
              </Button>
            ) : null}
          </div>
        </div>
        {opened === undefined ? null : (
          <ObjectPanel
            key={shownSide}
            place={{ side: shownSide, bucket: names[shownSide], key: opened }}
            onClose={() => onObject(undefined)}
            onCopy={() => choose({ keys: [opened], prefixes: [] })}
            onRename={undefined}
            onDelete={undefined}
          />
        )}
      </SidePanelLayout>
      <CopyDialog choice={copying} move={false} onClose={() => setCopying(undefined)} />
    </>
  );
}
