import { Button, TextInput } from '@mantine/core';
import { useState } from 'react';
import { Dialog } from '../../ui/dialog';
import { ErrorPanel } from '../../ui/error-panel';
import { plural } from '../../ui/format';
import styles from './deploy.module.css';
import { useWriteBranch } from './queries';

interface BranchFormProps {
  onClose: () => void;
  repo: string;
  /** The commit that the operator looked at. */
  head: string;
  files: number;
}

function BranchForm({ onClose, repo, head, files }: BranchFormProps) {
  const [branch, setBranch] = useState('cutover/supabase');
  const write = useWriteBranch();
  if (write.isSuccess) {
    return (
      <div className={styles.form}>
        <p>
          Written on <span className="mono">{write.variables.branch}</span> as{' '}
          <span className="mono">{write.data.commit.slice(0, 12)}</span>. The checkout is as it was. To look
          at it:
        </p>
        <pre className="mono break">
          git diff {head.slice(0, 12)} {write.variables.branch}
        </pre>
        <div className={styles.buttons}>
          <Button variant="default" onClick={onClose}>
            Close
          </Button>
        </div>
      </div>
    );
  }
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        write.mutate({ repo, head, branch: branch.trim() });
      }}
    >
      <p className="t2">
        {plural(files, 'file')} become one commit on a new branch of this repository. The files in the
        checkout, its index and the branch you are on stay as they are.
      </p>
      <TextInput
        label="Name of the new branch"
        value={branch}
        onChange={(event) => setBranch(event.currentTarget.value)}
      />
      {write.isError ? <ErrorPanel error={write.error} /> : null}
      <div className={styles.buttons}>
        <Button variant="default" onClick={onClose}>
          Back
        </Button>
        <Button type="submit" variant="filled" disabled={branch.trim() === ''} loading={write.isPending}>
          Write the branch
        </Button>
      </div>
    </form>
  );
}

/** Asks for the branch's name, writes it and says what to look at. */
export function BranchDialog({ opened, ...props }: BranchFormProps & { opened: boolean }) {
  return (
    <Dialog title="Write on a branch" opened={opened} onClose={props.onClose}>
      <BranchForm {...props} />
    </Dialog>
  );
}
