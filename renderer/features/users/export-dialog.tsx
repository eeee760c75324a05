import { Button, Radio } from '@mantine/core';
import { useState } from 'react';
import type { UserFilter } from '#shared/model/users';
import { client } from '../../api/client';
import { Dialog } from '../../ui/dialog';
import { ErrorPanel } from '../../ui/error-panel';
import { plural } from '../../ui/format';
import { saveText } from '../../ui/save-text';
import { useStreamRun } from './stream-run';
import { isFiltered } from './users.logic';
import styles from './users.module.css';

interface ExportState {
  pieces: string[];
  users: number;
}

const empty = (): ExportState => ({ pieces: [], users: 0 });

function fold(state: ExportState, { text, users }: { text: string; users: number }): void {
  state.pieces.push(text);
  state.users = users;
}

function ExportForm({ filter, onClose }: { filter: UserFilter; onClose: () => void }) {
  const [format, setFormat] = useState<'csv' | 'json'>('csv');
  const run = useStreamRun<{ text: string; users: number }, ExportState>(empty, fold);
  const save = () => {
    const mediaType = format === 'csv' ? 'text/csv' : 'application/json';
    saveText(`users.${format}`, mediaType, run.state.pieces.join(''));
    onClose();
  };
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (run.phase === 'ended') save();
        else run.start((signal) => client.stream('users.export', { filter, format }, { signal }));
      }}
    >
      <p className="t2">
        {isFiltered(filter)
          ? 'The users that fit the search and the filters, the oldest first.'
          : 'All users, the oldest first.'}{' '}
        No passwords and no hashes.
      </p>
      <Radio.Group
        label="Format"
        value={format}
        onChange={(value) => {
          setFormat(value === 'json' ? 'json' : 'csv');
          run.reset();
        }}
      >
        <div className={styles.items}>
          <Radio value="csv" size="xs" label="CSV; what a spreadsheet would take for a formula is guarded" />
          <Radio value="json" size="xs" label="JSON" />
        </div>
      </Radio.Group>
      {run.phase === 'idle' ? null : <p role="status">{`${plural(run.state.users, 'user')} read`}</p>}
      {run.error === undefined ? null : <ErrorPanel error={run.error} />}
      <div className={styles.formButtons}>
        {run.phase === 'running' ? (
          <Button onClick={run.stop}>Stop</Button>
        ) : (
          <Button onClick={onClose}>Close</Button>
        )}
        <Button type="submit" variant="filled" loading={run.phase === 'running'}>
          {run.phase === 'ended' ? 'Save the file' : 'Read the users'}
        </Button>
      </div>
    </form>
  );
}

/** Writes the users that the page lists into a file. */
export function ExportDialog({
  filter,
  opened,
  onClose,
}: {
  filter: UserFilter;
  opened: boolean;
  onClose: () => void;
}) {
  return (
    <Dialog title="Export users" opened={opened} onClose={onClose}>
      <ExportForm filter={filter} onClose={onClose} />
    </Dialog>
  );
}
