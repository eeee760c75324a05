import { useNavigate } from '@tanstack/react-router';
import { create } from 'zustand';
import { Dialog } from '../../ui/dialog';
import { CreateWorkspaceForm, OpenWorkspaceForm } from './workspace-forms';

/** Which of the two dialogs is shown. */
export const useWorkspaceDialogs = create<{ shown: 'open' | 'create' | undefined }>(() => ({
  shown: undefined,
}));

/** The dialogs that open and create workspaces; once per page. */
export function WorkspaceDialogs() {
  const shown = useWorkspaceDialogs((state) => state.shown);
  const navigate = useNavigate();
  const close = () => useWorkspaceDialogs.setState({ shown: undefined });
  const done = () => {
    close();
    void navigate({ to: '/' });
  };
  return (
    <>
      <Dialog title="Open workspace" opened={shown === 'open'} onClose={close}>
        <OpenWorkspaceForm onDone={done} />
      </Dialog>
      <Dialog title="New workspace" opened={shown === 'create'} onClose={close}>
        <CreateWorkspaceForm onDone={done} />
      </Dialog>
    </>
  );
}
