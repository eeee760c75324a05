import { Button } from '@mantine/core';
import { useState } from 'react';
import type { LinkCheck, LinkRewrite } from '#shared/contract/links';
import { isCancelled } from '#shared/model/errors';
import { Card } from '../../ui/card';
import { ConfirmDialog } from '../../ui/confirm-dialog';
import { EmptyState } from '../../ui/empty-state';
import { ErrorPanel } from '../../ui/error-panel';
import { formatDateTime, plural } from '../../ui/format';
import { Loading } from '../../ui/loading';
import { Notice } from '../../ui/notice';
import { Tag } from '../../ui/tag';
import { answerTexts, rewriteState } from './links.logic';
import { useCheckLinks, useForgetLinks, useRewrites, useUndoLinks } from './links-queries';
import styles from './migration.module.css';
import { WorkProgress } from './work-progress';

function CheckResult({ check }: { check: LinkCheck }) {
  return (
    <div className={styles.work}>
      <p className="t2">
        {`${plural(check.asked, 'different address', 'different addresses')} asked${check.more ? '; there are more, which the command line asks' : ''}.`}
      </p>
      <ul className={styles.points} aria-label="Answers">
        {check.answers.map(({ bucket, outcome, count, examples }) => (
          <li key={`${bucket} ${outcome}`}>
            <Tag tone={answerTexts[outcome].tone}>{answerTexts[outcome].label}</Tag>
            <div className="break">
              {`${bucket}: ${plural(count, 'address', 'addresses')}`}
              {outcome === 'answers'
                ? null
                : examples.map(({ url, answer }) => (
                    <div key={url} className="t2">
                      <span className="mono">{url}</span> {answer}
                    </div>
                  ))}
            </div>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Rewrite({ rewrite }: { rewrite: LinkRewrite }) {
  const check = useCheckLinks();
  const undo = useUndoLinks();
  const [asking, setAsking] = useState(false);
  const { label, tone } = rewriteState(rewrite);
  const busy = check.isPending || undo.isPending;
  const undoable = rewrite.undone + rewrite.left < rewrite.rows;
  return (
    <li>
      <div className={styles.startBar}>
        <p>
          {formatDateTime(rewrite.at)} <Tag tone={tone}>{label}</Tag>
          <span className="t2">
            {` ${plural(rewrite.rows, 'row')}${rewrite.undone > 0 ? `, ${plural(rewrite.undone, 'row')} undone` : ''}${rewrite.left > 0 ? `, ${plural(rewrite.left, 'row')} changed since` : ''}`}
          </span>
        </p>
        {undoable ? (
          <>
            <Button disabled={busy} onClick={() => check.mutate(rewrite.id)}>
              Check addresses
            </Button>
            <Button disabled={busy} {...(busy ? {} : { c: 'var(--bad)' })} onClick={() => setAsking(true)}>
              Undo…
            </Button>
          </>
        ) : null}
      </div>
      {check.isPending ? (
        <WorkProgress label="Asking" progress={check.progress} stop={check.stop} />
      ) : undo.isPending ? (
        <WorkProgress label="Undoing" progress={undo.progress} stop={undo.stop} />
      ) : null}
      {check.isError && !isCancelled(check.error) ? <ErrorPanel error={check.error} /> : null}
      {undo.isError && !isCancelled(undo.error) ? (
        <ErrorPanel error={undo.error} retry={() => undo.mutate(rewrite.id)} />
      ) : null}
      {undo.data === undefined ? null : (
        <Notice title="Links are as they were">
          {`${plural(undo.data.restored, 'row')} restored. ${undo.data.left === 0 ? '' : `${plural(undo.data.left, 'row')} stay: changed or removed since.`}`}
        </Notice>
      )}
      {check.data === undefined ? null : <CheckResult check={check.data} />}
      <ConfirmDialog
        title="Undo the rewrite?"
        opened={asking}
        onClose={() => setAsking(false)}
        onConfirm={() => undo.mutate(rewrite.id)}
        confirm="Undo rewrite"
        danger
      >
        {`${plural(rewrite.rows - rewrite.undone - rewrite.left, 'row')} get their old links back; rows that changed since stay. Leaving the page stops it, and it can be taken up again.`}
      </ConfirmDialog>
    </li>
  );
}

function Forget({ rows }: { rows: number }) {
  const forget = useForgetLinks();
  const [asking, setAsking] = useState(false);
  return (
    <>
      <Button loading={forget.isPending} c="var(--bad)" onClick={() => setAsking(true)}>
        Remove old values…
      </Button>
      {forget.isError ? <ErrorPanel error={forget.error} /> : null}
      <ConfirmDialog
        title="Remove the old values?"
        opened={asking}
        onClose={() => setAsking(false)}
        onConfirm={() => forget.mutate()}
        confirm="Remove old values"
        danger
        typed="remove"
      >
        {`The record of ${plural(rows, 'row')} is removed from the target. No rewrite can be undone any more.`}
      </ConfirmDialog>
    </>
  );
}

/** Rewrites whose old values the target still has: check, undo, and at last remove them. */
export function LinkRewrites() {
  const rewrites = useRewrites();
  if (rewrites.isPending) return <Loading>Reading earlier rewrites…</Loading>;
  if (rewrites.isError) return <ErrorPanel error={rewrites.error} retry={() => void rewrites.refetch()} />;
  const rows = rewrites.data.reduce((sum, rewrite) => sum + rewrite.rows, 0);
  return (
    <Card title="Rewrites" right={rewrites.data.length === 0 ? undefined : <Forget rows={rows} />}>
      {rewrites.data.length === 0 ? (
        <EmptyState title="No rewrite is on record">
          After a rewrite the old values stay on the target, so that it can be undone.
        </EmptyState>
      ) : (
        <ul className={styles.rewrites} aria-label="Rewrites">
          {rewrites.data.map((rewrite) => (
            <Rewrite key={rewrite.id} rewrite={rewrite} />
          ))}
        </ul>
      )}
    </Card>
  );
}
