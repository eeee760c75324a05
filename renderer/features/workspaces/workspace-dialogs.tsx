import { useNavigate } from '@tanstack/react-router';
import { create } from 'zustand';
import { Dialog } from '../../ui/dialog';
import { usePassphraseRequest } from '../../ui/passphrase-request';
import { PassphraseForm } from './passphrase-form';
import { CreateWorkspaceForm, OpenWorkspaceForm } from './workspace-forms';

/** Which of the dialogs for a folder is shown. */
export const useWorkspaceDialogs = create<{ shown: 'open' | 'create' | undefined }>(() => ({
  shown: undefined,
}));

/** The dialogs that open, create and protect workspaces; once per page. */
export function WorkspaceDialogs() {
  const shown = useWorkspaceDialogs((state) => state.shown);
  const protecting = usePassphraseRequest((state) => state.open);
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
      <Dialog
        title="Protect the secrets"
        opened={protecting}
        onClose={() => usePassphraseRequest.setState({ open: false })}
      >
        <PassphraseForm isNew onDone={() => usePassphraseRequest.setState({ open: false })} />
      </Dialog>
      <Dialog title="New workspace" opened={shown === 'create'} onClose={close}>
        <CreateWorkspaceForm onDone={done} />
      </Dialog>
    </>
  );
}
