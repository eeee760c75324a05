import type { MouseEvent } from 'react';
import { formatBytes } from '#shared/model/format-bytes';
import type { ListedObject } from '#shared/model/buckets';
import type { ObjectState } from '#shared/model/object-state';
import { formatDateTime } from '../../ui/format';
import { joinClasses } from '../../ui/join-classes';
import { Tag } from '../../ui/tag';
import styles from './buckets.module.css';
import { nameBelow, rowTag, type Row, type View } from './rows.logic';

interface ObjectRowProps {
  id: string;
  index: number;
  /** Pixels from the top of the rows. */
  offset: number;
  view: View;
  prefix: string;
  row: Row | undefined;
  state: ObjectState | undefined;
  active: boolean;
  chosen: boolean;
  onPress: (event: MouseEvent, index: number, row: Row) => void;
  onToggle: (row: Row) => void;
  onOpen: (row: Row) => void;
}

/** One folder or object; a bar while its page is on the way. */
export function ObjectRow(props: ObjectRowProps) {
  const { id, index, offset, view, prefix, row, state, active, chosen } = props;
  const look = joinClasses(styles.row, view === 'both' && styles.both, styles.item);
  const place = {
    id,
    role: 'row',
    'aria-rowindex': index + 2,
    'data-active': active,
    style: { transform: `translateY(${offset}px)` },
  };
  if (row === undefined) {
    return (
      <div {...place} className={look} aria-busy="true">
        <div role="gridcell" />
        <div
          role="gridcell"
          aria-colspan={view === 'both' ? 6 : 4}
          className={joinClasses(styles.cell, 'muted')}
        >
          …
        </div>
      </div>
    );
  }
  const name = nameBelow(prefix, row.key);
  const told = rowTag(view, row, state);
  const tag = (
    <div role="gridcell" className={styles.cell}>
      {told === undefined ? null : <Tag tone={told.tone}>{told.label}</Tag>}
    </div>
  );
  const here = row.kind === 'object' ? row.object : undefined;
  const sides = row.kind === 'object' ? row.sides : undefined;
  return (
    <div
      {...place}
      className={look}
      aria-selected={chosen}
      onClick={(event) => props.onPress(event, index, row)}
      onDoubleClick={() => props.onOpen(row)}
    >
      <div role="gridcell" className={styles.check}>
        <input
          type="checkbox"
          tabIndex={-1}
          aria-label={`Choose ${name}`}
          checked={chosen}
          onClick={(event) => event.stopPropagation()}
          onChange={() => props.onToggle(row)}
        />
      </div>
      <div role="gridcell" className={styles.cell}>
        {row.kind === 'folder' ? (
          <span className={styles.folder} aria-hidden="true">
            ▸
          </span>
        ) : null}
        <button
          type="button"
          tabIndex={-1}
          className={styles.name}
          title={name}
          onClick={(event) => {
            if (event.shiftKey || event.ctrlKey || event.metaKey) return;
            event.stopPropagation();
            props.onOpen(row);
          }}
        >
          <bdi>{name}</bdi>
        </button>
      </div>
      {view === 'both' ? (
        <>
          {tag}
          <Facts object={sides?.source} />
          <Facts object={sides?.target} />
        </>
      ) : (
        <>
          <Facts object={here} otherwise="folder" />
          {tag}
        </>
      )}
    </div>
  );
}

/** Size and time of what one side has. */
function Facts({ object, otherwise = '' }: { object: ListedObject | undefined; otherwise?: string }) {
  return (
    <>
      <div role="gridcell" className={joinClasses(styles.cell, 'num')}>
        {object === undefined ? '' : formatBytes(object.size)}
      </div>
      <div role="gridcell" className={joinClasses(styles.cell, 't2')}>
        {object === undefined ? otherwise : formatDateTime(object.modifiedAt)}
      </div>
    </>
  );
}
