import { Button, FileButton } from '@mantine/core';
import { useState } from 'react';
import type { ImportEvent } from '#shared/contract/users';
import type { ErrorShape } from '#shared/model/errors';
import { client } from '../../api/client';
import { Dialog } from '../../ui/dialog';
import { ErrorPanel } from '../../ui/error-panel';
import { formatCount, plural } from '../../ui/format';
import { saveText } from '../../ui/save-text';
import { useReload } from './queries';
import { useStreamRun } from './stream-run';
import styles from './users.module.css';

/** Bad lines that the dialog shows; the file gets all. */
const shownLines = 200;

interface ImportState {
  used: string[];
  ignored: string[];
  notes: string[];
  lines: number;
  imported: number;
  existing: number;
  bad: { line: number; reason: string }[];
  /** Present when it stopped before the end. */
  stopped?: { error: ErrorShape; unknown: number };
}

const empty = (): ImportState => ({
  used: [],
  ignored: [],
  notes: [],
  lines: 0,
  imported: 0,
  existing: 0,
  bad: [],
});

function fold(state: ImportState, event: ImportEvent): void {
  switch (event.type) {
    case 'columns':
      state.used = event.used;
      state.ignored = event.ignored;
      state.notes = event.notes;
      return;
    case 'bad':
      state.bad.push({ line: event.line, reason: event.reason });
      return;
    case 'progress':
    case 'end':
      state.lines = event.lines;
      state.imported = event.imported;
      state.existing = event.existing;
      if (event.type === 'end' && event.stopped !== undefined)
        state.stopped = { error: event.stopped, unknown: event.unknown };
  }
}

function stoppedTitle({ lines, imported, existing, bad }: ImportState, unknown: number): string {
  const untouched = lines - imported - existing - bad.length - unknown;
  const doubt = unknown === 0 ? '' : ` Of ${plural(unknown, 'line')} it is not known.`;
  return `It stopped before the end: ${plural(untouched, 'line')} not touched.${doubt} Run it again to go on`;
}

function Result({ state, dry }: { state: ImportState; dry: boolean }) {
  return (
    <>
      <p role="status">
        {`${plural(state.lines, 'line')}: ${formatCount(state.imported)} ${dry ? 'would be imported' : 'imported'}, ` +
          `${formatCount(state.existing)} there already, ${formatCount(state.bad.length)} not usable`}
      </p>
      <p className="t2 break">
        {`Columns used: ${state.used.join(', ')}.`}
        {state.ignored.length === 0 ? '' : ` Not used: ${state.ignored.join(', ')}.`} {state.notes.join(' ')}
      </p>
      {state.bad.length === 0 ? null : (
        <ul className={styles.results} aria-label="Lines that are not usable" tabIndex={0}>
          {state.bad.slice(0, shownLines).map(({ line, reason }) => (
            <li key={line}>{`Line ${line}: ${reason}`}</li>
          ))}
        </ul>
      )}
      {state.stopped === undefined ? null : (
        <ErrorPanel error={state.stopped.error} title={stoppedTitle(state, state.stopped.unknown)} />
      )}
    </>
  );
}

function ImportForm({ onClose }: { onClose: () => void }) {
  const [file, setFile] = useState<{ name: string; text: string }>();
  const [dry, setDry] = useState(true);
  const reload = useReload();
  const run = useStreamRun<ImportEvent, ImportState>(empty, fold);
  const begin = (dryRun: boolean) => {
    if (file === undefined) return;
    setDry(dryRun);
    run.start((signal) => client.stream('users.import', { text: file.text, dryRun }, { signal }));
  };
  const load = (chosen: File | null) => {
    if (chosen === null) return;
    run.reset();
    void chosen.text().then((text) => setFile({ name: chosen.name, text }));
  };
  const checked = run.phase === 'ended' && dry;
  const imported = run.phase !== 'idle' && !dry;
  const { bad } = run.state;
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        begin(!checked);
      }}
    >
      <p className="t2">
        A CSV file whose first line names its columns: email or phone, and any of id, name, password_hash
        (bcrypt or Argon2), email_confirmed_at, phone_confirmed_at, created_at, last_sign_in_at, banned_until,
        user_metadata, app_metadata. Who is there already is left as he is, so it can be run again.
      </p>
      <div className={styles.buttons}>
        <FileButton onChange={load} accept=".csv,text/csv">
          {(props) => (
            <Button {...props} disabled={run.phase === 'running'}>
              {file === undefined ? 'Choose a file…' : `${file.name}: choose another…`}
            </Button>
          )}
        </FileButton>
      </div>
      {run.error === undefined ? null : <ErrorPanel error={run.error} />}
      {run.phase === 'idle' || run.phase === 'failed' ? null : <Result state={run.state} dry={dry} />}
      <div className={styles.formButtons}>
        {bad.length === 0 ? null : (
          <Button
            onClick={() =>
              saveText(
                'lines-not-imported.txt',
                'text/plain',
                bad.map(({ line, reason }) => `${line}\t${reason}`).join('\n'),
              )
            }
          >
            Save the list
          </Button>
        )}
        {run.phase === 'running' ? (
          <Button onClick={run.stop}>Stop</Button>
        ) : (
          <Button
            onClick={() => {
              if (imported) reload();
              onClose();
            }}
          >
            Close
          </Button>
        )}
        {imported && run.phase === 'ended' ? null : (
          <Button
            type="submit"
            variant="filled"
            disabled={file === undefined || (checked && run.state.imported === 0)}
            loading={run.phase === 'running'}
          >
            {checked ? `Import ${plural(run.state.imported, 'user')}` : 'Check the file'}
          </Button>
        )}
      </div>
    </form>
  );
}

/** Imports users from a CSV file: first says what would happen, then does it. */
export function ImportDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Dialog title="Import users" opened={opened} onClose={onClose} size={620}>
      <ImportForm onClose={onClose} />
    </Dialog>
  );
}
