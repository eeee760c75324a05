import { Button } from '@mantine/core';
import type { ReleaseRecord } from '#shared/model/deploy';
import { Card } from '../../ui/card';
import { EmptyState } from '../../ui/empty-state';
import { formatDateTime, plural } from '../../ui/format';
import { Tag } from '../../ui/tag';
import { releaseLooks, shortImage } from './deploy.logic';
import styles from './deploy.module.css';

interface ReleasesCardProps {
  releases: readonly ReleaseRecord[];
  busy: boolean;
  onRollBack: (release: ReleaseRecord) => void;
}

const canServeAgain = new Set<ReleaseRecord['state']>(['replaced', 'failed', 'interrupted']);

function Release({
  release,
  busy,
  onRollBack,
}: { release: ReleaseRecord } & Omit<ReleasesCardProps, 'releases'>) {
  const { tone, label } = releaseLooks[release.state];
  return (
    <li className={styles.release}>
      <div className="break">
        <div className={styles.headline}>
          <span className="mono">{release.id}</span>
          <Tag tone={tone}>{label}</Tag>
        </div>
        <div className="t2 mono break">
          {[...new Set(Object.values(release.images))].map(shortImage).join(' · ')}
        </div>
        {release.error === undefined ? null : <div className="t2 break">{release.error.message}</div>}
      </div>
      <div className={styles.who}>
        <time dateTime={release.at} className="t2">
          {formatDateTime(release.at)}
        </time>
        <span className="muted break">{release.by}</span>
      </div>
      {canServeAgain.has(release.state) ? (
        <Button
          size="compact-xs"
          variant="default"
          disabled={busy}
          aria-label={`Roll back to ${release.id}`}
          onClick={() => onRollBack(release)}
        >
          Roll back…
        </Button>
      ) : (
        <span />
      )}
    </li>
  );
}

/** What the host keeps of releases, the newest first. */
export function ReleasesCard({ releases, ...acts }: ReleasesCardProps) {
  return (
    <Card title="Releases" right={releases.length === 0 ? undefined : plural(releases.length, 'release')}>
      {releases.length === 0 ? (
        <EmptyState title="No release yet">
          The host keeps the files of every release, so that an earlier one can serve again.
        </EmptyState>
      ) : (
        <ul className={styles.list} aria-label="Releases">
          {releases.map((release) => (
            <Release key={release.id} release={release} {...acts} />
          ))}
        </ul>
      )}
    </Card>
  );
}
