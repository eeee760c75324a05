import { useQuery } from '@tanstack/react-query';
import { Outlet } from '@tanstack/react-router';
import { workspaceQuery } from '../api/queries';
import { FirstRunPage } from '../features/workspaces/first-run-page';
import { UnlockPage } from '../features/workspaces/unlock-page';
import { WorkspaceDialogs } from '../features/workspaces/workspace-dialogs';
import { ErrorPanel } from '../ui/error-panel';
import { Loading } from '../ui/loading';
import { PageBody, PageHeader } from '../ui/page-header';
import { Toasts } from '../ui/toast';
import { CommandPalette } from './command-palette';
import { ConnectionBanner } from './connection-banner';
import styles from './frame.module.css';
import { Navigation } from './navigation';
import { RunAnnouncer } from './run-announcer';
import { useShortcuts } from './shortcuts';

/** What stands in the main part: a page, or what has to come before any page. */
function Content() {
  const workspace = useQuery(workspaceQuery);
  if (workspace.isPending || workspace.isError) {
    return (
      <>
        <PageHeader title="Cutover" />
        <PageBody>
          {workspace.isError ? (
            <ErrorPanel error={workspace.error} retry={() => void workspace.refetch()} />
          ) : (
            <Loading>Connecting to Cutover…</Loading>
          )}
        </PageBody>
      </>
    );
  }
  if (workspace.data === null) return <FirstRunPage />;
  if (workspace.data.secrets.state !== 'open') return <UnlockPage workspace={workspace.data} />;
  return <Outlet />;
}

function skipToMain(): void {
  document.getElementById('main')?.focus();
}

/** Navigation at the side, the page beside it, and what is always there. */
export function Frame() {
  useShortcuts();
  return (
    <div className={styles.app}>
      <a
        className={styles.skip}
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          skipToMain();
        }}
      >
        Skip to content
      </a>
      <Navigation />
      <main id="main" className={styles.main} tabIndex={-1}>
        <ConnectionBanner />
        <Content />
      </main>
      <CommandPalette />
      <WorkspaceDialogs />
      <RunAnnouncer />
      <Toasts />
    </div>
  );
}
