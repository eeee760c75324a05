import { Button, Checkbox, TextInput } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { BucketAccess, CorsWish, Preflight } from '#shared/contract/access';
import { Card } from '../../ui/card';
import { ConfirmDialog } from '../../ui/confirm-dialog';
import { EmptyState } from '../../ui/empty-state';
import { ErrorPanel } from '../../ui/error-panel';
import { Loading } from '../../ui/loading';
import { PageBody, PageHeader } from '../../ui/page-header';
import { Tag } from '../../ui/tag';
import { differingRules, originsOf, rulesSummary, ruleText } from './links.logic';
import { useAccess, useApplyCors, useTestCors } from './links-queries';
import styles from './migration.module.css';

function WishForm({ onWish }: { onWish: (wish: CorsWish) => void }) {
  const [text, setText] = useState('');
  const [uploads, setUploads] = useState(false);
  const { origins, wrong } = originsOf(text);
  return (
    <form
      className={styles.work}
      onSubmit={(event) => {
        event.preventDefault();
        if (wrong.length === 0) onWish({ origins, uploads });
      }}
    >
      <TextInput
        label="Where pages of the application come from"
        description="Origins, separated by blanks: https://app.example.com"
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        error={wrong.length === 0 ? undefined : `No origin: ${wrong.join(', ')}. Give scheme and host.`}
      />
      <Checkbox
        label="Pages send files to signed addresses"
        checked={uploads}
        onChange={(event) => setUploads(event.currentTarget.checked)}
      />
      <div>
        <Button type="submit" disabled={wrong.length > 0}>
          Propose rules
        </Button>
      </div>
    </form>
  );
}

function Rules({ label, rules }: { label: string; rules: BucketAccess['current'] }) {
  return (
    <div className={styles.rules}>
      <h3 className="muted">{label}</h3>
      {rules.length === 0 ? (
        <p className="t2">No rule: no page of another origin may use the bucket.</p>
      ) : (
        <ul>
          {rules.map((rule, index) => (
            <li key={index} className="mono break">
              {ruleText(rule)}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function Bucket({ bucket }: { bucket: BucketAccess }) {
  return (
    <Card
      title={`${bucket.bucket} → ${bucket.target}`}
      right={<Tag tone={bucket.public ? 'warn' : 'idle'}>{bucket.public ? 'Was public' : 'Was private'}</Tag>}
      padded
    >
      <div className={styles.work}>
        <p className="break">
          {bucket.address === null ? 'No public address' : <span className="mono">{bucket.address}</span>}
        </p>
        <ul className="t2" aria-label={`To do for ${bucket.target}`}>
          {bucket.todo.map((text) => (
            <li key={text} className="break">
              {text}
            </li>
          ))}
        </ul>
        <Rules label="CORS rules on R2" rules={bucket.current} />
        <Rules label="Proposed" rules={bucket.proposed} />
      </div>
    </Card>
  );
}

function Answers({ answers }: { answers: readonly Preflight[] }) {
  return (
    <Card title="Preflights" padded>
      {answers.length === 0 ? (
        <p className="t2">
          There is nothing to ask: no bucket on R2 has a public address, or no origin is named.
        </p>
      ) : (
        <ul className={styles.points} aria-label="Preflights">
          {answers.map(({ target, origin, method, url, allowed, answer }) => (
            <li key={`${target} ${origin} ${method}`}>
              <Tag tone={allowed ? 'ok' : 'bad'}>{allowed ? 'Allowed' : 'Refused'}</Tag>
              <div className="break">
                <span className="mono">{`${method} ${url}`}</span>
                {` for ${origin}`}
                <div className="t2">{answer}</div>
              </div>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

function Buckets({ buckets, wish }: { buckets: readonly BucketAccess[]; wish: CorsWish }) {
  const apply = useApplyCors(wish);
  const test = useTestCors(wish);
  const [asking, setAsking] = useState(false);
  const differing = differingRules(buckets);
  return (
    <>
      <Card title="CORS rules" padded>
        <div className={styles.startBar}>
          <p>{rulesSummary(buckets)}</p>
          <Button loading={test.isPending} disabled={wish.origins.length === 0} onClick={() => test.mutate()}>
            Test
          </Button>
          <Button
            variant="filled"
            disabled={differing.length === 0}
            loading={apply.isPending}
            onClick={() => setAsking(true)}
          >
            Set rules…
          </Button>
        </div>
        <ConfirmDialog
          title="Replace CORS rules on R2?"
          opened={asking}
          onClose={() => setAsking(false)}
          onConfirm={() => apply.mutate(differing)}
          confirm="Replace rules"
        >
          {`The rules of ${differing.join(', ')} are replaced with the proposed ones. Activity keeps both.`}
        </ConfirmDialog>
      </Card>
      {apply.isError ? <ErrorPanel error={apply.error} /> : null}
      {test.isError ? <ErrorPanel error={test.error} retry={() => test.mutate()} /> : null}
      {test.data === undefined ? null : <Answers answers={test.data} />}
      {buckets.map((bucket) => (
        <Bucket key={bucket.bucket} bucket={bucket} />
      ))}
    </>
  );
}

/** Which buckets were public, what to set on R2, and which pages may use them. */
export function AccessPage() {
  const [wish, setWish] = useState<CorsWish>({ origins: [], uploads: false });
  const access = useAccess(wish);
  return (
    <>
      <PageHeader
        title="Migration"
        crumb="Public access"
        actions={<Button renderRoot={(props) => <Link to="/migration" {...props} />}>Back</Button>}
      />
      <PageBody>
        <div className={styles.content}>
          <Card title="Pages that use files" padded>
            <WishForm onWish={setWish} />
          </Card>
          {access.isPending ? <Loading>Reading the buckets of both sides…</Loading> : null}
          {access.isError ? <ErrorPanel error={access.error} retry={() => void access.refetch()} /> : null}
          {access.data === undefined ? null : access.data.length === 0 ? (
            <Card title="Buckets">
              <EmptyState title="The source has no bucket">There is nothing to open.</EmptyState>
            </Card>
          ) : (
            <Buckets key={JSON.stringify(wish)} buckets={access.data} wish={wish} />
          )}
        </div>
      </PageBody>
    </>
  );
}
