import { useQuery } from '@tanstack/react-query';
import { Button } from '@mantine/core';
import { infoQuery, workspacesQuery } from '../../api/queries';
import { Card } from '../../ui/card';
import { CopyButton } from '../../ui/copy-button';
import { ErrorPanel } from '../../ui/error-panel';
import { PageBody, PageHeader } from '../../ui/page-header';
import { useOpenWorkspace } from './queries';
import { CreateWorkspaceForm, OpenWorkspaceForm } from './workspace-forms';
import styles from './workspaces.module.css';

const practiceCommand = 'npx cutover practice';
const stay = () => undefined;

function KnownWorkspaces() {
  const workspaces = useQuery(workspacesQuery);
  const open = useOpenWorkspace();
  if (workspaces.data === undefined || workspaces.data.length === 0) return null;
  return (
    <Card title="Known workspaces">
      <ul className={styles.known}>
        {workspaces.data.map(({ path, name }) => (
          <li key={path}>
            <div>
              <b>{name}</b>
              <div className="mono muted break">{path}</div>
            </div>
            <Button onClick={() => open.mutate({ path })} aria-label={`Open ${name}`}>
              Open
            </Button>
          </li>
        ))}
      </ul>
      {open.isError ? <ErrorPanel error={open.error} /> : null}
    </Card>
  );
}

/** What a new operator sees: create a workspace, open one, or practise. */
export function FirstRunPage() {
  const info = useQuery(infoQuery);
  return (
    <>
      <PageHeader title="Welcome to Cutover" />
      <PageBody>
        <div className={styles.page}>
          <p className="t2">
            Cutover moves an application’s database, users and files from your own servers to Supabase and
            Cloudflare R2. A workspace is a folder that holds the settings, the secrets and the runs of one
            migration.
          </p>
          <KnownWorkspaces />
          <div className={styles.columns}>
            <Card title="Create a workspace" padded>
              <CreateWorkspaceForm onDone={stay} />
            </Card>
            <Card title="Open a workspace" padded>
              <OpenWorkspaceForm onDone={stay} />
            </Card>
          </div>
          {info.data?.practice === true ? (
            <Card title="Practise first" padded>
              <p>
                A practice environment with a shop’s database, users and files runs on this machine. Nothing
                outside is touched.
              </p>
              <div className={styles.command}>
                <code className="mono">{practiceCommand}</code>
                <CopyButton text={practiceCommand}>Copy command</CopyButton>
              </div>
            </Card>
          ) : null}
        </div>
      </PageBody>
    </>
  );
}
