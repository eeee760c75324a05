import { useSyncExternalStore } from 'react';
import { client, useConnectionStatus } from '../api/client';
import styles from './frame.module.css';

let opened = client.status === 'open';
client.onStatus((status) => {
  if (status === 'open') opened = true;
});

/** Whether the page has been connected at all; before that it says so itself. */
function useWasOpen(): boolean {
  return useSyncExternalStore(
    (changed) => client.onStatus(changed),
    () => opened,
  );
}

/** Says that the host can't be reached, and that a run doesn't mind. */
export function ConnectionBanner() {
  const status = useConnectionStatus();
  const wasOpen = useWasOpen();
  return (
    <div role="status">
      {status === 'connecting' && wasOpen ? (
        <div className={styles.banner}>
          Connection to Cutover lost. Reconnecting… A run goes on without the page.
        </div>
      ) : status === 'closed' ? (
        <div className={styles.banner} data-tone="bad">
          Cutover has ended. Start it again, then reload this page.
        </div>
      ) : null}
    </div>
  );
}
