import { Button } from '@mantine/core';
import type { Side } from '#shared/model/buckets';
import { formatBytes } from '#shared/model/format-bytes';
import { Card } from '../../ui/card';
import { EmptyState } from '../../ui/empty-state';
import { ErrorPanel } from '../../ui/error-panel';
import { formatCount, formatDateTime, plural } from '../../ui/format';
import { Loading } from '../../ui/loading';
import styles from './buckets.module.css';
import { useBuckets, useBucketSizes, type BucketSize } from './queries';

const objectsOf = (size: BucketSize | undefined): string =>
  size === undefined ? '…' : `${size.complete ? '' : 'over '}${formatCount(size.objects)}`;
const bytesOf = (size: BucketSize | undefined): string =>
  size === undefined ? '…' : `${size.complete ? '' : 'over '}${formatBytes(size.bytes)}`;

/** The buckets of one side, with what they hold. */
export function BucketList({ side, onOpen }: { side: Side; onOpen: (bucket: string) => void }) {
  const list = useBuckets(side);
  const buckets = list.data?.buckets ?? [];
  const { sizes, counting, stop, count } = useBucketSizes(
    side,
    buckets.map(({ name }) => name),
  );
  if (list.isPending) return <Loading>Listing buckets</Loading>;
  if (list.isError) return <ErrorPanel error={list.error} retry={() => void list.refetch()} />;
  return (
    <Card
      title={plural(buckets.length, 'bucket')}
      right={
        buckets.length === 0 ? undefined : counting ? (
          <Button size="compact-xs" onClick={stop}>
            Stop counting
          </Button>
        ) : (
          <Button size="compact-xs" onClick={count}>
            Count again
          </Button>
        )
      }
    >
      {buckets.length === 0 ? (
        <EmptyState title="There is no bucket">
          {side === 'target'
            ? 'A migration creates the buckets of the old storage; you can also create one yourself.'
            : 'The old storage has none that this key may see.'}
        </EmptyState>
      ) : (
        <div className={styles.tableBox}>
          <table className={styles.buckets} aria-label="Buckets">
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">Objects</th>
                <th scope="col">Size</th>
                <th scope="col">Created</th>
              </tr>
            </thead>
            <tbody>
              {buckets.map(({ name, createdAt }) => (
                <tr key={name}>
                  <td>
                    <button type="button" onClick={() => onOpen(name)}>
                      {name}
                    </button>
                  </td>
                  <td>{objectsOf(sizes[name])}</td>
                  <td>{bytesOf(sizes[name])}</td>
                  <td>{createdAt === undefined ? '' : formatDateTime(createdAt)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Card>
  );
}
