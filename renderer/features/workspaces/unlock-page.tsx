import type { WorkspaceView } from '#shared/contract/workspaces';
import { Card } from '../../ui/card';
import { PageBody, PageHeader } from '../../ui/page-header';
import { PassphraseForm } from './passphrase-form';
import styles from './workspaces.module.css';

/** Asks for the passphrase of a workspace whose secrets are locked or not there yet. */
export function UnlockPage({ workspace }: { workspace: WorkspaceView }) {
  const isNew = workspace.secrets.state === 'new';
  return (
    <>
      <PageHeader title={isNew ? 'Protect the secrets' : 'Unlock the secrets'} crumb={workspace.name} />
      <PageBody>
        <div className={styles.narrow}>
          <Card title={isNew ? 'Choose a passphrase' : 'Enter the passphrase'} padded>
            <PassphraseForm key={workspace.path} isNew={isNew} />
          </Card>
        </div>
      </PageBody>
    </>
  );
}
