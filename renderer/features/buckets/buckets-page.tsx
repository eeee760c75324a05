import { useNavigate, useSearch } from '@tanstack/react-router';
import type { Side } from '#shared/model/buckets';
import { PageHeader } from '../../ui/page-header';
import { Breadcrumbs } from './breadcrumbs';
import { BucketList } from './bucket-list';
import styles from './buckets.module.css';
import { JobList } from './job-list';
import { NewBucket, NewFolder } from './new-things';
import { ObjectBrowser } from './object-browser';
import { UploadList } from './upload-list';
import { UploadMenu } from './upload-menu';

const sideNames: Record<Side, string> = { target: 'R2', source: 'MinIO' };
const sides: readonly Side[] = ['target', 'source'];

/** The buckets of both sides. Where one is stands in the address. */
export function BucketsPage() {
  const { side = 'target', bucket, prefix = '', object } = useSearch({ from: '/buckets' });
  const navigate = useNavigate({ from: '/buckets' });
  const open = (place: { side?: Side; bucket?: string | undefined; prefix?: string | undefined }) =>
    void navigate({ search: { side, ...place } });
  return (
    <>
      <PageHeader
        title="Buckets"
        actions={
          side === 'source' ? undefined : bucket === undefined ? (
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
            {sides.map((item) => (
              <button
                key={item}
                type="button"
                aria-pressed={side === item}
                onClick={() => open({ side: item })}
              >
                {sideNames[item]}
              </button>
            ))}
          </div>
          <Breadcrumbs top={sideNames[side]} bucket={bucket} prefix={prefix} onOpen={open} />
          {side === 'source' ? <span className="muted">Only read: nothing is changed here.</span> : null}
        </div>
        {bucket === undefined ? (
          <BucketList key={side} side={side} onOpen={(name) => open({ bucket: name })} />
        ) : (
          <ObjectBrowser
            key={JSON.stringify([side, bucket, prefix])}
            place={{ side, bucket, prefix }}
            opened={object}
            onFolder={(to) => open({ bucket, prefix: to })}
            onObject={(key) =>
              void navigate({
                search: { side, bucket, prefix, ...(key === undefined ? {} : { object: key }) },
                replace: true,
              })
            }
          />
        )}
        <UploadList />
        <JobList />
      </div>
    </>
  );
}
