import { useState } from 'react';
import type { DeployAction } from '#shared/contract/deploy';
import type { ReleaseRecord, ServiceStatus } from '#shared/model/deploy';
import { ConfirmDialog } from '../../ui/confirm-dialog';
import { formatDateTime, plural } from '../../ui/format';
import { shortImage } from './deploy.logic';
import { wholeNumber } from '../../ui/whole-number.logic';
import { WholeNumberField } from '../../ui/whole-number-field';

/** What the operator is asked about. */
export type Question =
  | { kind: 'scale'; service: ServiceStatus }
  | { kind: 'restart'; service: ServiceStatus }
  | { kind: 'rollback'; release: ReleaseRecord };

interface ChangeDialogProps<Q> {
  question: Q;
  onClose: () => void;
  onConfirm: (action: DeployAction) => void;
}

function ScaleDialog({
  question,
  onClose,
  onConfirm,
}: ChangeDialogProps<Extract<Question, { kind: 'scale' }>>) {
  const { name, replicas } = question.service;
  const [text, setText] = useState(String(replicas.desired));
  const count = wholeNumber(text, 0, 100);
  return (
    <ConfirmDialog
      title={`Scale ${name}`}
      opened
      onClose={onClose}
      onConfirm={() => {
        if (count !== undefined) onConfirm({ kind: 'scale', service: name, replicas: count });
      }}
      valid={count !== undefined}
      confirm={count === 0 ? `Stop ${name}` : `Run ${count ?? replicas.desired}`}
      typed={count === 0 ? name : undefined}
      danger={count === 0}
    >
      <p className="t2">
        {plural(replicas.desired, 'container')} of {name} {replicas.desired === 1 ? 'is' : 'are'} asked for
        now.
        {count === 0 ? ' With none, the service answers nobody.' : ''}
      </p>
      <WholeNumberField label="How many run" min={0} max={100} value={text} onChange={setText} />
    </ConfirmDialog>
  );
}

/** Asks before a service or the release that serves is changed. */
export function ChangeDialog({ question, onClose, onConfirm }: ChangeDialogProps<Question>) {
  switch (question.kind) {
    case 'scale':
      return <ScaleDialog question={question} onClose={onClose} onConfirm={onConfirm} />;
    case 'restart': {
      const { name } = question.service;
      return (
        <ConfirmDialog
          title={`Restart ${name}`}
          opened
          onClose={onClose}
          onConfirm={() => onConfirm({ kind: 'restart', service: name })}
          confirm={`Restart ${name}`}
        >
          Its containers are replaced one by one with new ones of the same image. What they hold in memory is
          lost.
        </ConfirmDialog>
      );
    }
    case 'rollback': {
      const { id, at, images, state } = question.release;
      return (
        <ConfirmDialog
          title="Roll back"
          opened
          onClose={onClose}
          onConfirm={() => onConfirm({ kind: 'rollback', release: id })}
          confirm={`Roll back to ${id}`}
          danger
        >
          <p>
            The services run again what they ran in the release of {formatDateTime(at)}, with its environment:{' '}
            <span className="mono break">
              {[...new Set(Object.values(images))].map(shortImage).join(' · ')}
            </span>
            . The database’s schema stays as it is.
          </p>
          {state === 'failed' ? <p className="t2">This release failed when it was applied.</p> : null}
        </ConfirmDialog>
      );
    }
  }
}
