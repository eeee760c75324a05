import { Button } from '@mantine/core';
import type { UsageNode } from '#shared/model/buckets';
import { formatBytes } from '#shared/model/format-bytes';
import { Dialog } from '../../ui/dialog';
import { ErrorPanel } from '../../ui/error-panel';
import { formatCount, plural } from '../../ui/format';
import styles from './buckets.module.css';
import { useUsageTree, type Place } from './queries';
import { shownName } from './rows.logic';

function Node({ node, above }: { node: UsageNode; above: string }) {
  const children = node.children ?? [];
  const line = (
    <span className={styles.treeLine}>
      <bdi className="break">{shownName(node.prefix.slice(above.length)) || 'Everything here'}</bdi>
      <span className="num">{plural(node.objects, 'object')}</span>
      <span className="num">{formatBytes(node.bytes)}</span>
    </span>
  );
  if (children.length === 0) return <li>{line}</li>;
  return (
    <li>
      <details open={above === node.prefix}>
        <summary>{line}</summary>
        <ul>
          {children.map((child) => (
            <Node key={child.prefix} node={child} above={node.prefix} />
          ))}
          {node.rest === undefined || node.rest.prefixes === 0 ? null : (
            <li className="t2">
              {plural(node.rest.prefixes, 'further folder')}, {formatBytes(node.rest.bytes)}
            </li>
          )}
        </ul>
      </details>
    </li>
  );
}

function Usage({ place, onClose }: { place: Place; onClose: () => void }) {
  const usage = useUsageTree(place);
  const { objects = 0, bytes = 0, tree } = usage.data ?? {};
  return (
    <div className={styles.jobs}>
      {usage.isError ? <ErrorPanel error={usage.error} retry={() => void usage.refetch()} /> : null}
      <p role="status">
        {`${formatCount(objects)} objects, ${formatBytes(bytes)}${usage.isFetching ? ', counting…' : tree === undefined ? ' so far' : ''}`}
      </p>
      {tree === undefined ? null : (
        <ul className={styles.tree} tabIndex={0} aria-label="Usage by folder">
          <Node node={tree} above={tree.prefix} />
        </ul>
      )}
      <div className={styles.tools} style={{ justifyContent: 'flex-end' }}>
        {usage.isFetching ? <Button onClick={usage.stop}>Stop</Button> : null}
        <Button onClick={onClose}>Close</Button>
      </div>
    </div>
  );
}

/** What lies in a folder, as a tree, the largest first. */
export function UsageDialog({ opened, ...rest }: { place: Place; opened: boolean; onClose: () => void }) {
  return (
    <Dialog title="Usage by folder" opened={opened} onClose={rest.onClose} size={640}>
      <Usage {...rest} />
    </Dialog>
  );
}
