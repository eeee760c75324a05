import { formatBytes } from '#shared/model/format-bytes';
import type { ConnectionView } from '#shared/contract/connections';
import type { InspectReport } from '#shared/contract/migration';
import type { PlanView, RunView } from '#shared/model/run';
import { isSettled } from '#shared/model/run-view';
import { laneProgresses, rateOf, runFraction, secondsLeft, type Windows } from '../../api/run-progress.logic';
import { formatDuration, formatPercent, plural } from '../../ui/format';

/** One stage on the way, as the stepper shows it. */
export interface Stage {
  title: string;
  state: 'waiting' | 'now' | 'done' | 'failed' | 'stopped';
  detail: string;
}

/** What is known: of a preparation, or of a run. */
export interface Situation {
  connections: readonly ConnectionView[] | undefined;
  preparing?:
    | {
        report: InspectReport | undefined;
        plan: PlanView | undefined;
        failed: 'inspect' | 'plan' | undefined;
      }
    | undefined;
  run?: { view: RunView; windows: Windows } | undefined;
}

function connectStage(connections: Situation['connections'], later: boolean): Stage {
  const title = 'Connect';
  if (connections === undefined) return { title, state: later ? 'done' : 'now', detail: '' };
  const configured = connections.filter((connection) => connection.state === 'configured').length;
  const reachable = connections.filter((connection) => connection.lastTest?.ok === true).length;
  const detail =
    reachable > 0
      ? `${reachable} of ${connections.length} services reachable`
      : `${configured} of ${connections.length} services set up`;
  return { title, state: later ? 'done' : 'now', detail };
}

/** What an inspection found, in one line. */
export function reportSummary({ database, users, objects }: InspectReport): string {
  const parts: string[] = [];
  if (database !== undefined) parts.push(plural(database.tables.length, 'table'));
  if (users !== undefined) parts.push(plural(users.count, 'user'));
  if (objects !== undefined)
    parts.push(`${formatBytes(objects.buckets.reduce((sum, bucket) => sum + bucket.bytes, 0))} files`);
  return parts.join(' · ');
}

/** How many steps and warnings a plan has, in one line. */
export function planSummary(steps: readonly { warnings: readonly unknown[] }[]): string {
  const warnings = steps.reduce((sum, step) => sum + step.warnings.length, 0);
  return warnings === 0
    ? plural(steps.length, 'step')
    : `${plural(steps.length, 'step')} · ${plural(warnings, 'warning')}`;
}

function preparationStages(preparing: NonNullable<Situation['preparing']>): Stage[] {
  const { report, plan, failed } = preparing;
  const inspect: Stage =
    report !== undefined
      ? { title: 'Inspect', state: 'done', detail: reportSummary(report) }
      : {
          title: 'Inspect',
          state: failed === 'inspect' ? 'failed' : 'now',
          detail: failed === 'inspect' ? 'Failed' : 'Reading both sides',
        };
  const planned: Stage =
    failed === 'plan'
      ? { title: 'Plan', state: 'failed', detail: 'Failed' }
      : plan !== undefined
        ? { title: 'Plan', state: 'now', detail: planSummary(plan.steps) }
        : {
            title: 'Plan',
            state: report === undefined ? 'waiting' : 'now',
            detail: report === undefined ? 'Nothing is written' : 'Planning',
          };
  return [inspect, planned];
}

function copyDetail(view: RunView, windows: Windows): string {
  const progresses = laneProgresses(view);
  const percent = formatPercent(runFraction(progresses));
  const open = progresses.filter((item) => item.fraction < 1);
  const left = open.map((item) => secondsLeft(item, rateOf(windows[item.lane])));
  // A lane that has not begun has no speed, so nothing honest can be said about the whole.
  const known = left.filter((seconds) => seconds !== undefined);
  if (open.length === 0 || known.length !== left.length) return percent;
  return `${percent} · about ${formatDuration(Math.max(...known))} left`;
}

function stateOfStop(view: RunView): Stage['state'] {
  return view.state === 'failed' ? 'failed' : 'stopped';
}

function runStages({ view, windows }: NonNullable<Situation['run']>): Stage[] {
  const settled = isSettled(view.state);
  const succeeded = view.state === 'succeeded' || view.state === 'succeeded-with-warnings';
  const progresses = laneProgresses(view);
  const copied =
    succeeded ||
    view.state === 'verifying' ||
    (progresses.length > 0 && progresses.every((item) => item.fraction === 1));
  const evidence = view.steps.flatMap((step) => step.evidence);
  const differing = evidence.filter((item) => !item.equal).length;
  const detail =
    evidence.length === 0
      ? 'Every row and every object'
      : differing > 0
        ? `${differing} of ${plural(evidence.length, 'comparison')} differ`
        : `${plural(evidence.length, 'comparison')} equal`;
  const stop = stateOfStop(view);
  const copy: Stage = {
    title: 'Copy',
    state: copied ? 'done' : settled ? stop : 'now',
    detail: copyDetail(view, windows),
  };
  const verify: Stage = {
    title: 'Verify',
    state: succeeded ? 'done' : !copied ? 'waiting' : settled ? stop : 'now',
    detail,
  };
  return [
    { title: 'Inspect', state: 'done', detail: '' },
    { title: 'Plan', state: 'done', detail: planSummary(view.steps) },
    copy,
    verify,
  ];
}

/** The five stages of a migration as they stand. */
export function stages({ connections, preparing, run }: Situation): Stage[] {
  const connect = connectStage(connections, preparing !== undefined || run !== undefined);
  if (run !== undefined) return [connect, ...runStages(run)];
  const ahead: Stage[] = [
    { title: 'Copy', state: 'waiting', detail: 'Database, users and files' },
    { title: 'Verify', state: 'waiting', detail: 'Every row and every object' },
  ];
  if (preparing !== undefined) return [connect, ...preparationStages(preparing), ...ahead];
  return [
    connect,
    { title: 'Inspect', state: 'waiting', detail: 'What is there, and how big' },
    { title: 'Plan', state: 'waiting', detail: 'Nothing is written' },
    ...ahead,
  ];
}
