import { Button, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { BulkEvent, BulkProgress, UserOutcome } from '#shared/contract/users';
import type { BulkAction } from '#shared/model/users';
import type { ErrorShape } from '#shared/model/errors';
import { client } from '../../api/client';
import { CopyButton } from '../../ui/copy-button';
import { Dialog } from '../../ui/dialog';
import { ErrorPanel } from '../../ui/error-panel';
import { plural } from '../../ui/format';
import { ProgressBar } from '../../ui/progress-bar';
import { useReload } from './queries';
import { useStreamRun } from './stream-run';
import { bulkSummary, bulkTitle, problemLine, retryIds } from './users.logic';
import styles from './users.module.css';

/** Problems that the list shows; the clipboard gets all. */
const shownProblems = 200;

interface BulkState {
  progress: BulkProgress;
  problems: UserOutcome[];
  stopped?: ErrorShape;
}

const empty = (): BulkState => ({
  progress: { done: 0, unchanged: 0, failed: 0, unknown: 0, total: 0 },
  problems: [],
});

function fold(state: BulkState, event: BulkEvent): void {
  switch (event.type) {
    case 'problem':
      state.problems.push(event.outcome);
      return;
    case 'progress':
      state.progress = event;
      return;
    case 'end':
      state.progress = event;
      if (event.stopped !== undefined) state.stopped = event.stopped;
  }
}

interface BulkProps {
  action: BulkAction;
  ids: readonly string[];
  onClose: () => void;
  /** Told the users that are left to be done. */
  onEnd: (action: BulkAction, left: readonly string[]) => void;
}

/** Asks, does it with progress, and says exactly what was done, what was not, and why. */
export function BulkDialog({ action, ids: first, onClose, onEnd }: BulkProps) {
  const [ids, setIds] = useState(first);
  const [typed, setTyped] = useState('');
  const reload = useReload();
  const run = useStreamRun<BulkEvent, BulkState>(empty, fold);
  const { progress, problems, stopped } = run.state;
  const title = bulkTitle(action, ids.length);
  const word = action.kind === 'delete' ? `delete ${ids.length}` : undefined;
  const settled = run.phase === 'ended' || run.phase === 'stopped' || run.phase === 'failed';
  const left = settled ? retryIds(ids, problems, progress) : [];
  const close = () => {
    if (run.phase === 'running') return;
    if (settled) {
      onEnd(action, left);
      reload();
    }
    onClose();
  };
  const start = (wanted: readonly string[]) => {
    setIds(wanted);
    run.start((signal) => client.stream('users.bulk', { ids: [...wanted], action }, { signal }));
  };
  return (
    <Dialog title={title} opened onClose={close} size={560}>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          if (run.phase === 'idle' && (word === undefined || typed === word)) start(ids);
        }}
      >
        {run.phase === 'idle' ? (
          <>
            <p className="t2">
              {action.kind === 'delete'
                ? 'This can’t be taken back. Users whom rows of the application refer to may be refused; they are named.'
                : 'One after another; what fails for one does not stop the others. Every user who was not reached is named.'}
            </p>
            {word === undefined ? null : (
              <TextInput
                label={`Type ${word} to go on`}
                value={typed}
                onChange={(event) => setTyped(event.currentTarget.value)}
                autoComplete="off"
                data-autofocus
              />
            )}
          </>
        ) : (
          <>
            <ProgressBar
              label={title}
              fraction={
                progress.total === 0
                  ? 0
                  : (progress.done + progress.unchanged + progress.failed + progress.unknown) / progress.total
              }
              tone={!settled ? 'run' : left.length === 0 ? 'ok' : 'warn'}
            />
            <p role="status">{bulkSummary(progress)}</p>
          </>
        )}
        {run.phase === 'stopped' ? (
          <p className="t2">You stopped it. Activity says what had been done by then.</p>
        ) : null}
        {run.error === undefined ? null : <ErrorPanel error={run.error} />}
        {stopped === undefined ? null : (
          <ErrorPanel error={stopped} title="It stopped before the end: all others would have failed too" />
        )}
        {problems.length === 0 ? null : (
          <ul className={styles.results} aria-label="Not done" tabIndex={0}>
            {problems.slice(0, shownProblems).map((problem) => (
              <li key={problem.id}>
                <strong>{problem.label}</strong>
                {problem.status === 'unknown' ? ' (not known): ' : ': '}
                {problem.error?.message}
              </li>
            ))}
          </ul>
        )}
        <div className={styles.formButtons}>
          {problems.length === 0 ? null : (
            <CopyButton text={problems.map(problemLine).join('\n')}>Copy the list</CopyButton>
          )}
          {run.phase === 'running' ? (
            <Button onClick={run.stop}>Stop</Button>
          ) : (
            <Button onClick={close}>{run.phase === 'idle' ? 'Back' : 'Close'}</Button>
          )}
          {run.phase === 'idle' ? (
            <Button
              type="submit"
              disabled={word !== undefined && typed !== word}
              {...(action.kind === 'delete' ? { c: 'var(--bad)' } : { variant: 'filled' })}
            >
              {title}
            </Button>
          ) : null}
          {settled && left.length > 0 ? (
            <Button variant="filled" onClick={() => start(left)}>
              {`Try the other ${plural(left.length, 'user')} again`}
            </Button>
          ) : null}
        </div>
      </form>
    </Dialog>
  );
}
