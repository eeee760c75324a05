import { useActiveRun } from '../api/active-run';
import { runStates } from '../ui/run-states';

/** Tells a screen reader when the run's state changes; the words change only with the state. */
export function RunAnnouncer() {
  const { view } = useActiveRun();
  const step = view?.steps.find((item) => item.state === 'running' || item.state === 'verifying');
  return (
    <div className="sr-only" role="status" aria-live="polite">
      {view === undefined
        ? ''
        : `Migration: ${runStates[view.state].label}.${step === undefined ? '' : ` ${step.title}.`}`}
    </div>
  );
}
