import type { RunView } from '#shared/model/run';
import {
  laneProgresses,
  rateOf,
  secondsLeft,
  type LaneProgress,
  type Windows,
} from '../../api/run-progress.logic';
import {
  formatAmount,
  formatDuration,
  formatPercent,
  formatRate,
  formatShare,
  plural,
} from '../../ui/format';
import { ProgressBar } from '../../ui/progress-bar';
import { Tag } from '../../ui/tag';
import { laneTag } from './lanes.logic';
import { laneNames } from './lane-names';
import styles from './migration.module.css';

function headline({ measure, expected = 0, fraction }: LaneProgress, rate: number | undefined): string {
  if (rate !== undefined && measure !== undefined && measure.done < expected)
    return formatRate(rate, measure.unit);
  if (measure === undefined) return fraction === 0 ? '–' : formatPercent(fraction);
  if (measure.done >= expected || fraction === 0) return formatAmount(measure.total, measure.unit);
  return formatPercent(fraction);
}

/** The state in a sentence, for a lane without numbers to tell. */
function plainly({ state, current }: LaneProgress): string {
  switch (state) {
    case 'waiting':
      return 'Not begun';
    case 'running':
    case 'failed':
      return current?.title ?? 'Under way';
    case 'copied':
      return 'Not verified yet';
    case 'verifying':
      return 'Both sides are compared';
    case 'verified':
      return 'Equal on both sides';
    case 'differs':
      return 'Not equal on both sides';
  }
}

function facts(view: RunView, item: LaneProgress, rate: number | undefined): string {
  const parts: string[] = [];
  const { measure, expected = 0, lane } = item;
  if (measure !== undefined && item.fraction > 0 && item.fraction < 1)
    parts.push(
      expected > measure.total
        ? formatAmount(measure.done, measure.unit)
        : formatShare(measure.done, measure.total, measure.unit),
    );
  const measured = view.steps.find((step) => step.id === item.measuredStep)?.units ?? [];
  const units = measured.filter((unit) => unit.bytes !== undefined || unit.progress?.unit === 'rows');
  const done = units.filter((unit) => unit.state === 'done').length;
  if (lane === 'database' && units.length > 0)
    parts.push(
      item.fraction === 1 ? plural(units.length, 'table') : `${done} of ${plural(units.length, 'table')}`,
    );
  const failed = view.steps
    .filter((step) => step.lane === lane)
    .flatMap((step) => step.units.filter((unit) => unit.state === 'failed')).length;
  if (failed > 0) parts.push(`${failed} failed`);
  const left = measure !== undefined && measure.done < expected ? secondsLeft(item, rate) : undefined;
  if (left !== undefined) parts.push(`about ${formatDuration(left)} left`);
  return parts.length === 0 ? plainly(item) : parts.join(' · ');
}

function LaneCard({ view, item, windows }: { view: RunView; item: LaneProgress; windows: Windows }) {
  const rate = item.state === 'running' && view.state === 'running' ? rateOf(windows[item.lane]) : undefined;
  const tag = laneTag(item, view.state);
  const name = laneNames[item.lane];
  return (
    <section className={styles.lane} aria-label={name}>
      <div className={styles.laneHead}>
        <h2>{name}</h2>
        <Tag tone={tag.tone}>{tag.label}</Tag>
      </div>
      <div className={styles.big}>{headline(item, rate)}</div>
      <div className={styles.laneFacts}>{facts(view, item, rate)}</div>
      <ProgressBar
        label={`${name} progress`}
        fraction={item.fraction}
        tone={
          item.state === 'failed' || item.state === 'differs' ? 'bad' : item.fraction === 1 ? 'ok' : 'run'
        }
      />
    </section>
  );
}

/** One card a lane: state, speed, amounts and time left. */
export function LaneCards({ view, windows }: { view: RunView; windows: Windows }) {
  return (
    <div className={styles.lanes}>
      {laneProgresses(view).map((item) => (
        <LaneCard key={item.lane} view={view} item={item} windows={windows} />
      ))}
    </div>
  );
}
