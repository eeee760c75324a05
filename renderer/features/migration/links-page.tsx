import { Button, Radio } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { isCancelled } from '#shared/model/errors';
import { Card } from '../../ui/card';
import { EmptyState } from '../../ui/empty-state';
import { ErrorPanel } from '../../ui/error-panel';
import { PageBody, PageHeader } from '../../ui/page-header';
import { LinkColumns, LinkPreview } from './link-columns';
import { LinkFacts } from './link-facts';
import { LinkRewrites } from './link-rewrites';
import { findingsSummary, rewritable } from './links.logic';
import { useFindLinks, usePlanRewrite } from './links-queries';
import styles from './migration.module.css';
import { WorkProgress } from './work-progress';

const sides = { target: 'Target', source: 'Source' } as const;
type Side = keyof typeof sides;

/** Links of the old storage in the database’s rows: found, previewed, rewritten by a run, checked and undone. */
export function LinksPage() {
  const [side, setSide] = useState<Side>('target');
  const find = useFindLinks();
  const planRewrite = usePlanRewrite();
  const found = find.data;
  return (
    <>
      <PageHeader
        title="Migration"
        crumb="Links"
        actions={<Button renderRoot={(props) => <Link to="/migration" {...props} />}>Back</Button>}
      />
      <PageBody>
        <div className={styles.content}>
          <Card title="Find links to the old storage" padded>
            <p className="t2">
              Every text of the database is looked through: text, JSON and arrays. Nothing is written.
            </p>
            <Radio.Group
              aria-label="Database"
              value={side}
              onChange={(value) => setSide(value === 'source' ? 'source' : 'target')}
            >
              <div className={styles.choices}>
                {(['target', 'source'] as const).map((value) => (
                  <Radio key={value} value={value} label={sides[value]} disabled={find.isPending} />
                ))}
              </div>
            </Radio.Group>
            {find.isPending ? (
              <WorkProgress label="Looking for links" progress={find.progress} stop={find.stop} />
            ) : (
              <div className={styles.startBar}>
                <Button
                  variant={found === undefined ? 'filled' : 'default'}
                  onClick={() => find.mutate(side)}
                >
                  Look for links
                </Button>
                {find.isError && isCancelled(find.error) ? <span className="t2">Stopped.</span> : null}
              </div>
            )}
          </Card>
          {find.isError && !isCancelled(find.error) ? (
            <ErrorPanel error={find.error} retry={() => find.mutate(side)} />
          ) : null}
          {found === undefined ? null : (
            <>
              <Card title={`Links on the ${found.side}`} right={findingsSummary(found)}>
                {found.columns.length === 0 ? (
                  <EmptyState title="No link to the old storage">
                    {`Looked for ${found.addresses.join(', ')}.`}
                  </EmptyState>
                ) : (
                  <LinkColumns columns={found.columns} />
                )}
              </Card>
              {found.columns.some(({ samples }) => samples.length > 0) ? (
                <LinkPreview columns={found.columns} />
              ) : null}
              <LinkFacts found={found} />
              {found.side === 'target' && rewritable(found) > 0 ? (
                <Card title="Rewrite" padded>
                  <div className={styles.startBar}>
                    <p>
                      The next page shows the plan. Old values are kept on the target until you remove them,
                      so a rewrite can be undone.
                    </p>
                    <Button variant="filled" onClick={planRewrite}>
                      Plan the rewrite
                    </Button>
                  </div>
                </Card>
              ) : null}
            </>
          )}
          <LinkRewrites />
        </div>
      </PageBody>
    </>
  );
}
