import type { LinkFindings } from '#shared/contract/links';
import { Card } from '../../ui/card';
import { Tag } from '../../ui/tag';
import styles from './migration.module.css';

const triggerTexts = {
  replica: 'Triggers do not fire: the session replays changes as a replica does.',
  disabled: 'Triggers do not fire: each batch switches the table’s own off and on, and other writers wait.',
} as const;

/** Where the buckets’ files can be reached from now on, and what a rewrite does not touch. */
export function LinkFacts({ found }: { found: LinkFindings }) {
  return (
    <Card title="Addresses" padded>
      <ul className={styles.points} aria-label="Addresses and exceptions">
        {found.buckets.map(({ bucket, address }) => (
          <li key={bucket}>
            <Tag tone={address === null ? 'warn' : 'ok'}>{address === null ? 'Stays' : 'Rewritten'}</Tag>
            <div className="break">
              <span className="mono">{bucket}</span> →{' '}
              {address === null ? (
                'no public address; set R2_PUBLIC_URL or R2_PUBLIC_URLS in Connections'
              ) : (
                <span className="mono">{address}</span>
              )}
            </div>
          </li>
        ))}
        {found.definitions.map(({ kind, name }) => (
          <li key={`${kind} ${name}`}>
            <Tag tone="warn">By hand</Tag>
            <div className="break">
              The {kind} <span className="mono">{name}</span> names the old storage. A rewrite does not change
              it.
            </div>
          </li>
        ))}
      </ul>
      <p className="t2 break">{`Looked for ${found.addresses.join(', ')}.`}</p>
      {found.triggers === undefined ? null : <p className="t2">{triggerTexts[found.triggers]}</p>}
    </Card>
  );
}
