import type { MouseEvent } from 'react';
import { formatBytes } from '#shared/model/format-bytes';
import type { Side } from '#shared/model/buckets';
import { formatDateTime } from '../../ui/format';
import { joinClasses } from '../../ui/join-classes';
import { Tag } from '../../ui/tag';
import styles from './buckets.module.css';
import { nameBelow, stateTexts, type ObjectState, type Row } from './rows.logic';

interface ObjectRowProps {
  id: string;
  index: number;
  /** Pixels from the top of the rows. */
  offset: number;
  side: Side;
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
  const { id, index, offset, side, prefix, row, state, active, chosen } = props;
  const place = {
    id,
    role: 'row',
    'aria-rowindex': index + 2,
    'data-active': active,
    style: { transform: `translateY(${offset}px)` },
  };
  if (row === undefined) {
    return (
      <div {...place} className={joinClasses(styles.row, styles.item)} aria-busy="true">
        <div role="gridcell" />
        <div role="gridcell" aria-colspan={4} className={joinClasses(styles.cell, 'muted')}>
          …
        </div>
      </div>
    );
  }
  const name = nameBelow(prefix, row.key);
  const told = state === undefined ? undefined : stateTexts[side][state];
  return (
    <div
      {...place}
      className={joinClasses(styles.row, styles.item)}
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
      <div role="gridcell" className={joinClasses(styles.cell, 'num')}>
        {row.kind === 'object' ? formatBytes(row.object.size) : ''}
      </div>
      <div role="gridcell" className={joinClasses(styles.cell, 't2')}>
        {row.kind === 'object' ? formatDateTime(row.object.modifiedAt) : 'folder'}
      </div>
      <div role="gridcell" className={styles.cell}>
        {told === undefined ? null : <Tag tone={told.tone}>{told.label}</Tag>}
      </div>
    </div>
  );
}
