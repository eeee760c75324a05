import { NativeSelect } from '@mantine/core';
import { Fragment, useState } from 'react';
import type { UserStats } from '#shared/contract/users';
import { Dialog } from '../../ui/dialog';
import { ErrorPanel } from '../../ui/error-panel';
import { formatCount, plural } from '../../ui/format';
import { Loading } from '../../ui/loading';
import { useStats } from './queries';
import styles from './users.module.css';

function PerDay({ title, days }: { title: string; days: UserStats['signUps'] }) {
  const most = Math.max(1, ...days.map((day) => day.count));
  const total = days.reduce((sum, day) => sum + day.count, 0);
  return (
    <section className={styles.form} aria-label={title}>
      <h3>{`${title}: ${formatCount(total)} in ${plural(days.length, 'day')}, at most ${formatCount(most)}`}</h3>
      <div
        className={styles.bars}
        role="img"
        aria-label={days.map(({ day, count }) => `${day}: ${count}`).join(', ')}
      >
        {days.map(({ day, count }) => (
          <span
            key={day}
            title={`${day}: ${formatCount(count)}`}
            style={{ height: `${(count / most) * 100}%` }}
          />
        ))}
      </div>
      <div className={styles.axis} aria-hidden="true">
        <span>{days[0]?.day}</span>
        <span>{days.at(-1)?.day} (UTC)</span>
      </div>
    </section>
  );
}

function Providers({ providers }: { providers: UserStats['providers'] }) {
  const most = Math.max(1, ...providers.map((item) => item.count));
  return (
    <section className={styles.form} aria-label="Users by provider">
      <h3>Users by provider</h3>
      <div className={styles.shares}>
        {providers.map(({ provider, count }) => (
          <Fragment key={provider}>
            <span>{provider}</span>
            <div className={styles.share} style={{ transform: `scaleX(${count / most})` }} />
            <span className="num">{formatCount(count)}</span>
          </Fragment>
        ))}
      </div>
    </section>
  );
}

function Figures({ stats }: { stats: UserStats }) {
  const figures = [
    ['Users', stats.total],
    ['Active today', stats.activeDay],
    ['Active in 7 days', stats.activeWeek],
    ['Active in 30 days', stats.activeMonth],
    ['Confirmed', stats.confirmed],
    ['Banned', stats.banned],
    ['Never signed in', stats.neverSignedIn],
  ] as const;
  return (
    <>
      {stats.sampled === undefined ? null : (
        <p className="t2">{`All but the total come from the newest ${plural(stats.sampled, 'user')}: the API does not count.`}</p>
      )}
      <dl className={styles.figures}>
        {figures.map(([label, value]) => (
          <div key={label} className={styles.figure}>
            <dt>{label}</dt>
            <dd>{formatCount(value)}</dd>
          </div>
        ))}
      </dl>
      <PerDay title="Sign-ups per day" days={stats.signUps} />
      <PerDay title="Active users by the day of their last sign-in" days={stats.lastSeen} />
      <Providers providers={stats.providers} />
    </>
  );
}

function Statistics() {
  const [days, setDays] = useState(30);
  const stats = useStats(days);
  return (
    <div className={styles.form}>
      <NativeSelect
        aria-label="Span"
        value={String(days)}
        onChange={(event) => setDays(Number(event.currentTarget.value))}
        data={[
          { value: '7', label: '7 days' },
          { value: '30', label: '30 days' },
          { value: '90', label: '90 days' },
          { value: '365', label: '365 days' },
        ]}
      />
      {stats.isPending ? (
        <Loading>Counting</Loading>
      ) : stats.isError ? (
        <ErrorPanel error={stats.error} retry={() => void stats.refetch()} />
      ) : (
        <Figures stats={stats.data} />
      )}
    </div>
  );
}

/** How many there are, who comes, by which way. */
export function StatsDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Dialog title="Statistics" opened={opened} onClose={onClose} size={720}>
      <Statistics />
    </Dialog>
  );
}
