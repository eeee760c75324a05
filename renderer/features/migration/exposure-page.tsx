import { Button, Checkbox } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { ExposureFinding, ExposureProof, ExposureReport } from '#shared/contract/exposure';
import { Card } from '../../ui/card';
import { ConfirmDialog } from '../../ui/confirm-dialog';
import { DataTable, type DataColumn } from '../../ui/data-table';
import { EmptyState } from '../../ui/empty-state';
import { ErrorPanel } from '../../ui/error-panel';
import { plural } from '../../ui/format';
import { Loading } from '../../ui/loading';
import { PageBody, PageHeader } from '../../ui/page-header';
import { Tag, type Tone } from '../../ui/tag';
import { useCloseExposure, useExposure } from './exposure-queries';
import styles from './migration.module.css';

const severities: Record<ExposureFinding['severity'], { label: string; tone: Tone }> = {
  'must-fix': { label: 'Must fix', tone: 'bad' },
  check: { label: 'Check', tone: 'warn' },
  note: { label: 'Note', tone: 'idle' },
};

const answers: Record<ExposureProof['answer'], { label: string; tone: Tone }> = {
  rows: { label: 'Gives rows', tone: 'bad' },
  failed: { label: 'Failed', tone: 'warn' },
  empty: { label: 'No rows', tone: 'idle' },
  refused: { label: 'Refused', tone: 'ok' },
};

const proofColumns: readonly DataColumn<ExposureProof>[] = [
  {
    id: 'object',
    header: 'Table or view',
    value: (proof) => proof.object,
    track: 'minmax(160px, 1fr)',
    mono: true,
  },
  {
    id: 'answer',
    header: 'Answer',
    value: (proof) => answers[proof.answer].label,
    cell: (proof) => <Tag tone={answers[proof.answer].tone}>{answers[proof.answer].label}</Tag>,
    track: '130px',
  },
  {
    id: 'status',
    header: 'Status',
    value: (proof) => proof.status,
    track: '90px',
    numeric: true,
  },
];

function Finding({
  finding,
  chosen,
  choose,
}: {
  finding: ExposureFinding;
  chosen: boolean;
  choose: (wanted: boolean) => void;
}) {
  const { label, tone } = severities[finding.severity];
  return (
    <li>
      <Checkbox
        aria-label={`Apply the fix of ${finding.id}`}
        checked={chosen}
        onChange={(event) => choose(event.currentTarget.checked)}
      />
      <div className="break">
        <Tag tone={tone}>{label}</Tag> {finding.message}
        <pre className={styles.sql} tabIndex={0} role="region" aria-label={`SQL of ${finding.id}`}>
          {finding.sql}
        </pre>
      </div>
    </li>
  );
}

function Findings({ findings }: { findings: readonly ExposureFinding[] }) {
  const close = useCloseExposure();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(
    () => new Set(findings.filter(({ severity }) => severity === 'must-fix').map(({ id }) => id)),
  );
  const [asking, setAsking] = useState(false);
  const picked = findings.filter(({ id }) => chosen.has(id));
  const choose = (id: string, wanted: boolean): void =>
    setChosen((before) => new Set(wanted ? [...before, id] : [...before].filter((other) => other !== id)));
  return (
    <Card
      title="Findings"
      right={plural(
        findings.filter(({ severity }) => severity === 'must-fix').length,
        'must-fix',
        'must-fix',
      )}
      padded
    >
      <div className={styles.work}>
        <div className={styles.startBar}>
          <p>
            Every fix is shown as the SQL that is run. Chosen ones are applied in one transaction, all or
            none.
          </p>
          <Button
            variant="filled"
            disabled={picked.length === 0}
            loading={close.isPending}
            onClick={() => setAsking(true)}
          >
            {`Apply ${plural(picked.length, 'fix', 'fixes')}…`}
          </Button>
        </div>
        {close.isError ? <ErrorPanel error={close.error} /> : null}
        <ul className={styles.points} aria-label="What is open">
          {findings.map((finding) => (
            <Finding
              key={finding.id}
              finding={finding}
              chosen={chosen.has(finding.id)}
              choose={(wanted) => choose(finding.id, wanted)}
            />
          ))}
        </ul>
      </div>
      <ConfirmDialog
        title="Change rights on the target?"
        opened={asking}
        onClose={() => setAsking(false)}
        onConfirm={() => close.mutate(picked)}
        confirm={`Apply ${plural(picked.length, 'fix', 'fixes')}`}
        danger
      >
        <p>Pages and applications that use the publishable key lose this access. Activity keeps the SQL.</p>
        <pre className={styles.sql} tabIndex={0} role="region" aria-label="SQL to be run">
          {picked.map(({ sql }) => sql).join('\n')}
        </pre>
      </ConfirmDialog>
    </Card>
  );
}

function Report({ report }: { report: ExposureReport }) {
  const { findings, proofs, schemas, at } = report;
  return (
    <>
      {findings.length === 0 ? (
        <Card title="Findings">
          <EmptyState title="Nothing is open">
            {`No table, view or function in ${schemas.join(', ')} can be reached past row level security.`}
          </EmptyState>
        </Card>
      ) : (
        <Findings key={at} findings={findings} />
      )}
      {proofs === undefined ? null : (
        <Card
          title="What the REST interface answers to the publishable key"
          right={plural(proofs.length, 'question')}
        >
          <DataTable
            label="Answers of the REST interface"
            columns={proofColumns}
            rows={proofs}
            rowId={(proof) => proof.object}
            maxHeight={320}
          />
        </Card>
      )}
    </>
  );
}

/** What anybody reaches on the target, the SQL that closes it, and the proof by asking as anybody could. */
export function ExposurePage() {
  const exposure = useExposure();
  return (
    <>
      <PageHeader
        title="Migration"
        crumb="Exposure"
        actions={
          <>
            <Button loading={exposure.isFetching} onClick={() => void exposure.refetch()}>
              Look again
            </Button>
            <Button renderRoot={(props) => <Link to="/migration" {...props} />}>Back</Button>
          </>
        }
      />
      <PageBody>
        <div className={styles.content}>
          {exposure.isPending ? (
            <Loading>Reading the target’s rights and asking its REST interface…</Loading>
          ) : null}
          {exposure.isError ? (
            <ErrorPanel error={exposure.error} retry={() => void exposure.refetch()} />
          ) : null}
          {exposure.data === undefined ? null : <Report report={exposure.data} />}
        </div>
      </PageBody>
    </>
  );
}
