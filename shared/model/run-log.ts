import { count } from './counted';
import type { JournalEvent, LogLine, RunView } from './run';

type Level = LogLine['level'];

/**
 * The line that an event puts into a run's log, in the words of the plan; undefined for events that say nothing to a reader. `view` is the
 * run after the event.
 */
export function logLineOf(view: RunView, event: JournalEvent): LogLine | undefined {
  const line = (level: Level, message: string, stepId?: string): LogLine => ({
    at: event.at,
    level,
    message,
    ...(stepId === undefined ? {} : { step: stepId }),
  });
  const titleOf = (stepId: string): string => view.steps.find((step) => step.id === stepId)?.title ?? stepId;
  const unitOf = (stepId: string, unitId: string) =>
    view.steps.find((step) => step.id === stepId)?.units.find((unit) => unit.id === unitId);

  switch (event.type) {
    case 'run.resumed':
      return line('info', `Resumed by ${event.data.by}.`);
    case 'step.started':
      return line('info', `${titleOf(event.step)}: begun.`, event.step);
    case 'step.satisfied':
      return line('info', `${titleOf(event.step)}: already there.`, event.step);
    case 'step.done':
      return line('info', `${titleOf(event.step)}: done.`, event.step);
    case 'step.failed':
      return line('error', `${titleOf(event.step)}: ${event.data.error.message}`, event.step);
    case 'step.verified': {
      const { evidence } = event.data;
      const different = evidence.filter((item) => !item.equal).map((item) => item.subject);
      const compared = `${titleOf(event.step)}: ${evidence.length} compared`;
      return different.length === 0
        ? line('info', `${compared}, all equal.`, event.step)
        : line(
            'error',
            `${compared}, ${different.length} differ: ${different.slice(0, 5).join(', ')}.`,
            event.step,
          );
    }
    case 'unit.done': {
      const unit = unitOf(event.step, event.unit);
      if (unit?.progress === undefined) return undefined;
      return line('info', `${unit.label}: ${count(unit.progress.total)} ${unit.progress.unit}.`, event.step);
    }
    case 'unit.failed':
      return line(
        'error',
        `${unitOf(event.step, event.unit)?.label ?? event.unit}: ${event.data.error.message}`,
        event.step,
      );
    case 'unit.reset':
      return line(
        'warn',
        `${unitOf(event.step, event.unit)?.label ?? event.unit}: ${event.data.reason}`,
        event.step,
      );
    case 'warning':
      return line('warn', event.data.message, event.step);
    case 'log':
      return line(event.data.level, event.data.message, event.step);
    case 'run.header':
    case 'run.state':
    case 'step.planned':
    case 'step.verifying':
    case 'unit.begun':
    case 'progress':
      return undefined;
  }
}
