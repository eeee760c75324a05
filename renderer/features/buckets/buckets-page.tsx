import { useNavigate, useSearch } from '@tanstack/react-router';
import { PageHeader } from '../../ui/page-header';
import { Breadcrumbs } from './breadcrumbs';
import { BucketList } from './bucket-list';
import { BucketPairs } from './bucket-pairs';
import styles from './buckets.module.css';
import { CompareBrowser } from './compare-browser';
import { JobList } from './job-list';
import { NewBucket, NewFolder } from './new-things';
import { ObjectBrowser } from './object-browser';
import type { View } from './rows.logic';
import { UploadList } from './upload-list';
import { UploadMenu } from './upload-menu';

const viewNames: Record<View, string> = { target: 'R2', source: 'MinIO', both: 'Side by side' };
const views: readonly View[] = ['target', 'source', 'both'];

/** The buckets of both sides. Where one is stands in the address. */
export function BucketsPage() {
  const { side = 'target', bucket, prefix = '', object } = useSearch({ from: '/buckets' });
  const navigate = useNavigate({ from: '/buckets' });
  const open = (place: { side?: View; bucket?: string | undefined; prefix?: string | undefined }) =>
    void navigate({ search: { side, ...place } });
  const openObject = (key: string | undefined) =>
    void navigate({
      search: { side, bucket, prefix, ...(key === undefined ? {} : { object: key }) },
      replace: true,
    });
  return (
    <>
      <PageHeader
        title="Buckets"
        actions={
          side !== 'target' ? undefined : bucket === undefined ? (
            <NewBucket />
          ) : (
            <>
              <NewFolder bucket={bucket} prefix={prefix} />
              <UploadMenu bucket={bucket} prefix={prefix} />
            </>
          )
        }
      />
      <div className={styles.body}>
        <div className={styles.bar}>
          <div className={styles.sides} role="group" aria-label="Side">
            {views.map((item) => (
              <button
                key={item}
                type="button"
                aria-pressed={side === item}
                onClick={() => open({ side: item })}
              >
                {viewNames[item]}
              </button>
            ))}
          </div>
          <Breadcrumbs top={viewNames[side]} bucket={bucket} prefix={prefix} onOpen={open} />
          {side === 'source' ? <span className="muted">Only read: nothing is changed here.</span> : null}
        </div>
        {side === 'both' ? (
          bucket === undefined ? (
            <BucketPairs onOpen={(name) => open({ bucket: name })} />
          ) : (
            <CompareBrowser
              key={JSON.stringify([bucket, prefix])}
              bucket={bucket}
              prefix={prefix}
              opened={object}
              onFolder={(to) => open({ bucket, prefix: to })}
              onObject={openObject}
            />
          )
        ) : bucket === undefined ? (
          <BucketList key={side} side={side} onOpen={(name) => open({ bucket: name })} />
        ) : (
          <ObjectBrowser
            key={JSON.stringify([side, bucket, prefix])}
            place={{ side, bucket, prefix }}
            opened={object}
            onFolder={(to) => open({ bucket, prefix: to })}
            onObject={openObject}
          />
        )}
        <UploadList />
        <JobList />
      </div>
    </>
  );
}
