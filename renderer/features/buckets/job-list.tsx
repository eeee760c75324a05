import { Button, CloseButton } from '@mantine/core';
import { create } from 'zustand';
import type { BucketJob } from '#shared/model/buckets';
import { ErrorPanel } from '../../ui/error-panel';
import { formatCount } from '../../ui/format';
import { ProgressBar } from '../../ui/progress-bar';
import { Tag } from '../../ui/tag';
import styles from './buckets.module.css';
import { jobFraction, jobStates, jobSums, jobTitle } from './jobs.logic';
import { useJobs, useStopJob } from './queries';
import { shownName } from './rows.logic';

/** Ended acts that the operator has put away. */
const usePutAway = create<{ ids: readonly string[] }>(() => ({ ids: [] }));

function Job({ job }: { job: BucketJob }) {
  const stop = useStopJob();
  const title = shownName(jobTitle(job));
  const { label, tone } = jobStates[job.state];
  return (
    <li className={styles.job}>
      <div className={styles.jobHead}>
        <strong className="break">{title}</strong>
        <Tag tone={tone}>{label}</Tag>
        <span className="t2" role="status">
          {jobSums(job)}
        </span>
        <span className={styles.push} />
        {job.state === 'running' ? (
          <Button size="compact-xs" loading={stop.isPending} onClick={() => stop.mutate(job.id)}>
            Stop
          </Button>
        ) : (
          <CloseButton
            size="sm"
            aria-label={`Put away: ${title}`}
            onClick={() => usePutAway.setState(({ ids }) => ({ ids: [...ids, job.id] }))}
          />
        )}
      </div>
      {job.state === 'running' ? <ProgressBar label={title} fraction={jobFraction(job)} /> : null}
      {job.error === undefined ? null : <ErrorPanel error={job.error} />}
      {job.failures.length === 0 ? null : (
        <ul className={styles.failures} aria-label="Failed objects" tabIndex={0}>
          {job.failures.map(({ key, message }) => (
            <li key={key}>
              <span className="mono">{shownName(key)}</span> <span className="t2">{message}</span>
            </li>
          ))}
          {job.failed > job.failures.length ? (
            <li className="muted">and {formatCount(job.failed - job.failures.length)} more</li>
          ) : null}
        </ul>
      )}
    </li>
  );
}

/** Long acts that run, and those that ended and were not put away. */
export function JobList() {
  const jobs = useJobs();
  const putAway = usePutAway(({ ids }) => ids);
  const shown = (jobs.data ?? []).filter(({ id }) => !putAway.includes(id)).slice(0, 3);
  if (shown.length === 0) return null;
  return (
    <ul className={styles.jobs} aria-label="Long acts">
      {shown.map((job) => (
        <Job key={job.id} job={job} />
      ))}
    </ul>
  );
}
