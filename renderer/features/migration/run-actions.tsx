import { Button, Menu } from '@mantine/core';
import type { RunView } from '#shared/model/run';
import { isResumable, isSettled, offersResume } from '#shared/model/run-view';
import { ConfirmDialog } from '../../ui/confirm-dialog';
import { useRunControls, useSaveReport } from './queries';
import { useMigrationView } from './view-store';

function SaveReport({ runId }: { runId: string }) {
  const save = useSaveReport();
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button loading={save.isPending}>Save report…</Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => save.mutate({ runId, format: 'html' })}>As HTML, to read</Menu.Item>
        <Menu.Item onClick={() => save.mutate({ runId, format: 'json' })}>As JSON, for tools</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function CancelButton({ runId, disabled }: { runId: string; disabled: boolean }) {
  const { cancel } = useRunControls(runId);
  const asking = useMigrationView((state) => state.confirmCancel);
  return (
    <>
      <Button
        disabled={disabled}
        loading={cancel.isPending}
        {...(disabled ? {} : { c: 'var(--bad)' })}
        onClick={() => useMigrationView.setState({ confirmCancel: true })}
      >
        Cancel…
      </Button>
      <ConfirmDialog
        title="Cancel the migration?"
        opened={asking}
        onClose={() => useMigrationView.setState({ confirmCancel: false })}
        onConfirm={() => cancel.mutate()}
        confirm="Cancel migration"
        dismiss="Keep going"
        danger
      >
        Work stops at the next safe point. What is finished stays on the target, and the run can be resumed.
      </ConfirmDialog>
    </>
  );
}

function SettledActions({ runId, view }: { runId: string; view: RunView }) {
  const controls = useRunControls(runId);
  const prepare = useMigrationView((state) => state.prepare);
  const resumable = isResumable(view.state);
  const offered = offersResume(view);
  return (
    <>
      <SaveReport runId={runId} />
      {resumable ? null : (
        <Button loading={controls.verify.isPending} onClick={() => controls.verify.mutate()}>
          Verify again
        </Button>
      )}
      <Button {...(resumable && !offered ? { variant: 'filled' } : {})} onClick={prepare}>
        New migration
      </Button>
      {offered ? (
        <Button variant="filled" loading={controls.resume.isPending} onClick={() => controls.resume.mutate()}>
          Resume
        </Button>
      ) : null}
    </>
  );
}

/** The buttons that a run's state allows, the likeliest one last. */
export function RunActions({ runId, view }: { runId: string; view: RunView }) {
  const controls = useRunControls(runId);
  if (isSettled(view.state)) return <SettledActions runId={runId} view={view} />;
  return (
    <>
      <SaveReport runId={runId} />
      <CancelButton runId={runId} disabled={view.state === 'cancelling'} />
      {view.state === 'paused' ? (
        <Button
          variant="filled"
          loading={controls.continue.isPending}
          onClick={() => controls.continue.mutate()}
        >
          Continue
        </Button>
      ) : view.state === 'running' ? (
        <Button loading={controls.pause.isPending} onClick={() => controls.pause.mutate()}>
          Pause
        </Button>
      ) : null}
    </>
  );
}
