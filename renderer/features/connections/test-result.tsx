import type { ConnectionTest } from '#shared/contract/connections';
import { ErrorPanel } from '../../ui/error-panel';
import { Facts } from '../../ui/facts';
import { formatClock } from '../../ui/format';
import { WarningList } from '../../ui/warning-list';
import styles from './connections.module.css';

/** What a test found: facts and warnings, or the failure with its remedy. */
export function TestResult({ test, retry }: { test: ConnectionTest; retry: () => void }) {
  return (
    <div className={styles.result}>
      <div className="muted">
        Tested at {formatClock(test.at)} · {Math.round(test.latencyMs)} ms
      </div>
      {test.error === undefined ? null : <ErrorPanel error={test.error} retry={retry} />}
      {test.facts.length === 0 ? null : <Facts items={test.facts} />}
      <WarningList warnings={test.warnings} />
    </div>
  );
}
