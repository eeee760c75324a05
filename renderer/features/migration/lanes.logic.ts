import type { Evidence, RunState, RunView, StepView, UnitView } from '#shared/model/run';
import { isSettled } from '#shared/model/run-view';
import type { LaneProgress } from '../../api/run-progress.logic';
import type { Tone } from '../../ui/tag';

/** A lane's state in a word; while it runs, what it is doing. */
export function laneTag(item: LaneProgress, run: RunState): { label: string; tone: Tone } {
  switch (item.state) {
    case 'waiting':
      return item.fraction > 0 ? { label: 'Stopped', tone: 'warn' } : { label: 'Waiting', tone: 'idle' };
    case 'running':
      if (run === 'paused') return { label: 'Paused', tone: 'warn' };
      if (isSettled(run)) return { label: 'Stopped', tone: 'warn' };
      return { label: item.current?.title ?? 'Copying', tone: 'run' };
    case 'copied':
      return { label: 'Copied', tone: 'ok' };
    case 'verifying':
      return { label: 'Verifying', tone: 'run' };
    case 'verified':
      return { label: 'Verified', tone: 'ok' };
    case 'differs':
      return { label: 'Differs', tone: 'bad' };
    case 'failed':
      return { label: 'Failed', tone: 'bad' };
  }
}

/** A table, a range of objects or any other unit, as the list shows it. */
export interface UnitRow {
  id: string;
  label: string;
  total: number;
  bytes: number;
  fraction: number;
  state: { label: string; tone: Tone };
}

function unitState(
  unit: UnitView,
  step: StepView,
  evidence: Evidence | undefined,
  run: RunState,
): UnitRow['state'] {
  if (evidence !== undefined)
    return evidence.equal ? { label: 'Verified', tone: 'ok' } : { label: 'Differs', tone: 'bad' };
  switch (unit.state) {
    case 'waiting':
      return step.state === 'satisfied'
        ? { label: 'Already there', tone: 'ok' }
        : { label: 'Waiting', tone: 'idle' };
    case 'running':
      if (run === 'paused') return { label: 'Paused', tone: 'warn' };
      return isSettled(run) ? { label: 'Begun', tone: 'warn' } : { label: 'Working', tone: 'run' };
    case 'done':
      return { label: 'Done', tone: 'ok' };
    case 'failed':
      return { label: 'Failed', tone: 'bad' };
  }
}

/** What is compared of a unit: a table is copied in parts and compared whole. */
const compared = (label: string): string => label.replace(/, part \d+ of \d+$/, '');

const ranks: Record<Tone, number> = { bad: 0, run: 1, warn: 1, idle: 2, ok: 3 };

/** One list of units: those of a kind, over all steps. */
export interface UnitTab {
  id: 'tables' | 'users' | 'objects' | 'other';
  label: string;
  rows: UnitRow[];
}

const tabLabels: Record<UnitTab['id'], string> = {
  tables: 'Tables',
  users: 'Users',
  objects: 'Objects',
  other: 'Other work',
};

function tabOf(step: StepView, unit: UnitView): UnitTab['id'] {
  if (step.lane === 'objects') return 'objects';
  if (step.lane === 'users') return 'users';
  return unit.progress?.unit === 'rows' || unit.bytes !== undefined ? 'tables' : 'other';
}

/** The units of a run in lists by kind, what failed and what is under way first; a list without units is left out. */
export function unitTabs(view: RunView): UnitTab[] {
  const rows: Record<UnitTab['id'], UnitRow[]> = { tables: [], users: [], objects: [], other: [] };
  for (const step of view.steps) {
    const evidence = new Map(step.evidence.map((item) => [item.subject, item]));
    for (const unit of step.units) {
      const finished = unit.state === 'done' || step.state === 'satisfied';
      const { done, total } = unit.progress ?? { done: 0, total: 0 };
      rows[tabOf(step, unit)].push({
        id: `${step.id} ${unit.id}`,
        label: unit.label,
        total,
        bytes: unit.bytes ?? (unit.progress?.unit === 'bytes' ? total : 0),
        fraction: finished ? 1 : unit.state === 'waiting' || total === 0 ? 0 : done / total,
        state: unitState(unit, step, evidence.get(compared(unit.label)) ?? evidence.get(unit.id), view.state),
      });
    }
  }
  const order: UnitTab['id'][] = ['tables', 'objects', 'users', 'other'];
  return order
    .map((id) => ({
      id,
      label: tabLabels[id],
      rows: rows[id].toSorted((a, b) => ranks[a.state.tone] - ranks[b.state.tone]),
    }))
    .filter((tab) => tab.rows.length > 0);
}

/** A comparison as the evidence table shows it. */
export interface EvidenceRow extends Evidence {
  id: string;
  step: string;
}

/** All comparisons of a run, the differing ones first. */
export function evidenceRows(steps: readonly StepView[]): EvidenceRow[] {
  const rows = steps.flatMap((step) =>
    step.evidence.map((item, index) => ({ ...item, id: `${step.id} ${index}`, step: step.title })),
  );
  return [...rows.filter((row) => !row.equal), ...rows.filter((row) => row.equal)];
}
