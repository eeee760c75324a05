import type { ConnectionTest } from '#shared/contract/connections';
import { CopyButton } from '../../ui/copy-button';
import { errorDetails } from '../../ui/copy-details.logic';
import { ErrorPanel } from '../../ui/error-panel';
import { Facts } from '../../ui/facts';
import { formatClock } from '../../ui/format';
import { WarningList } from '../../ui/warning-list';
import styles from './connections.module.css';

/** A failure that a field already explains needs only its code and its details here. */
function TestFailure({ test, retry }: { test: ConnectionTest; retry: () => void }) {
  if (test.error === undefined) return null;
  if (test.setting === undefined) return <ErrorPanel error={test.error} retry={retry} />;
  return (
    <div className={styles.failure}>
      <code className="mono">{test.error.code}</code>
      <CopyButton text={errorDetails(test.error)}>Copy details</CopyButton>
    </div>
  );
}

/** What a test found: facts and warnings, or the failure with its remedy. */
export function TestResult({ test, retry }: { test: ConnectionTest; retry: () => void }) {
  return (
    <div className={styles.result}>
      <div className="muted">
        Tested at {formatClock(test.at)} · {Math.round(test.latencyMs)} ms
      </div>
      <TestFailure test={test} retry={retry} />
      {test.facts.length === 0 ? null : <Facts items={test.facts} />}
      <WarningList warnings={test.warnings} />
    </div>
  );
}
