import { sourceBucket, targetBucket } from '#shared/model/bucket-naming';
import { Card } from '../../ui/card';
import { EmptyState } from '../../ui/empty-state';
import { ErrorPanel } from '../../ui/error-panel';
import { plural } from '../../ui/format';
import { Loading } from '../../ui/loading';
import styles from './buckets.module.css';
import { useBuckets } from './queries';

/** The buckets of MinIO with those of R2 that belong to them. */
export function BucketPairs({ onOpen }: { onOpen: (bucket: string) => void }) {
  const [source, target] = [useBuckets('source'), useBuckets('target')];
  const failed = [source, target].find(({ isError }) => isError);
  if (failed?.error) return <ErrorPanel error={failed.error} retry={() => void failed.refetch()} />;
  if (source.data === undefined || target.data === undefined) return <Loading>Listing buckets</Loading>;
  const { naming } = source.data;
  const there = target.data.buckets.map(({ name }) => name);
  const pairs = source.data.buckets.map(({ name }) => ({ name, copy: targetBucket(naming, name) }));
  const alone = there.filter((name) => {
    const original = sourceBucket(naming, name);
    return original === undefined || !pairs.some((pair) => pair.name === original);
  });
  return (
    <Card title={plural(pairs.length, 'pair')}>
      {pairs.length + alone.length === 0 ? (
        <EmptyState title="There is no bucket">Neither side has one.</EmptyState>
      ) : (
        <div className={styles.tableBox}>
          <table className={styles.buckets} aria-label="Buckets of both sides">
            <thead>
              <tr>
                <th scope="col">On MinIO</th>
                <th scope="col">On R2</th>
              </tr>
            </thead>
            <tbody>
              {pairs.map(({ name, copy }) => (
                <tr key={name}>
                  <td>
                    <button type="button" onClick={() => onOpen(name)}>
                      {name}
                    </button>
                  </td>
                  <td>{there.includes(copy) ? copy : `${copy}, not there yet`}</td>
                </tr>
              ))}
              {alone.map((name) => (
                <tr key={`only ${name}`}>
                  <td className="muted">none</td>
                  <td>{name}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Card>
  );
}
