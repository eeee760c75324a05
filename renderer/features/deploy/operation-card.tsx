import { Button } from '@mantine/core';
import type { DeployOperation } from '#shared/contract/deploy';
import { Card } from '../../ui/card';
import { ErrorPanel } from '../../ui/error-panel';
import { formatDateTime } from '../../ui/format';
import { LogCard } from '../../ui/log-card';
import { Tag, type Tone } from '../../ui/tag';
import { phaseTone } from './deploy.logic';
import styles from './deploy.module.css';
import { useCancel, useOperationEvents } from './queries';

const kinds: Record<string, string> = {
  apply: 'Release',
  rollback: 'Roll back',
  scale: 'Scale',
  restart: 'Restart',
  'panel-deploy': 'Deploy in Easypanel',
};
const outcomes: Record<'done' | 'rolled-back' | 'failed' | 'cancelled', { tone: Tone; label: string }> = {
  done: { tone: 'ok', label: 'Done' },
  'rolled-back': { tone: 'warn', label: 'Taken back' },
  failed: { tone: 'bad', label: 'Failed' },
  cancelled: { tone: 'warn', label: 'Cancelled' },
};
const phaseWords: Record<Tone, string> = { ok: 'Done', run: 'Under way', bad: 'Failed', warn: '', idle: '' };

/** The deployment that goes on, or the last one: its phases, what its services say, and its log. */
export function OperationCard({ operation }: { operation: DeployOperation }) {
  const { view, error } = useOperationEvents(operation.id);
  const cancel = useCancel();
  const outcome =
    view.end === undefined ? { tone: 'run' as const, label: 'Under way' } : outcomes[view.end.outcome];
  return (
    <>
      {view.end?.error === undefined ? null : <ErrorPanel error={view.end.error} />}
      {error === undefined ? null : <ErrorPanel error={error} />}
      {cancel.isError ? <ErrorPanel error={cancel.error} /> : null}
      <Card
        title={`${kinds[operation.kind] ?? operation.kind}, ${formatDateTime(operation.at)}`}
        right={
          <span className={styles.acts}>
            <Tag tone={outcome.tone}>{outcome.label}</Tag>
            {view.end === undefined ? (
              <Button
                size="compact-xs"
                variant="default"
                loading={cancel.isPending}
                onClick={() => cancel.mutate(operation.id)}
              >
                Cancel
              </Button>
            ) : null}
          </span>
        }
        padded
      >
        <ol className={styles.phases} aria-label="Phases">
          {view.phases.map((phase, index) => {
            const tone = phaseTone(view, index);
            return (
              <li key={`${index} ${phase.phase}`}>
                <Tag tone={tone}>{phaseWords[tone]}</Tag> {phase.message}
              </li>
            );
          })}
        </ol>
        {view.services.length === 0 ? null : (
          <ul className={styles.phases} aria-label="What the services say">
            {view.services.map(({ service, state, message }) => (
              <li key={service} className="break">
                <strong>{service}</strong>{' '}
                <span className="t2">{[state, message].filter((part) => part !== '').join(': ')}</span>
              </li>
            ))}
          </ul>
        )}
      </Card>
      {view.lines.length === 0 ? null : <LogCard title="Log of the deployment" lines={view.lines} />}
    </>
  );
}
