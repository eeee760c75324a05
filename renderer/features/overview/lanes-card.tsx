import { Card } from '../../ui/card';
import { Tag } from '../../ui/tag';
import type { Way } from './overview.logic';
import styles from './overview.module.css';

function Node({ title, detail }: { title: string; detail: string }) {
  return (
    <div className={styles.node}>
      <b>{title}</b>
      <span className="mono muted break">{detail}</span>
    </div>
  );
}

/** What moves where, one line each. */
export function LanesCard({ ways, changed }: { ways: readonly Way[]; changed: string | undefined }) {
  return (
    <Card title="From self-hosted to managed" right={changed}>
      <ul>
        {ways.map((way) => (
          <li key={way.id} className={styles.lane}>
            <Node {...way.from} />
            <div className={styles.wire}>
              <i
                aria-hidden="true"
                data-tone={way.fraction > 0 || way.state.tone === 'ok' ? way.state.tone : 'none'}
              />
              <Tag tone={way.state.tone}>{way.state.label}</Tag>
              <i
                aria-hidden="true"
                data-tone={
                  way.fraction === 1 || (way.state.tone === 'ok' && way.id === 'host')
                    ? way.state.tone
                    : 'none'
                }
              />
            </div>
            <Node {...way.to} />
          </li>
        ))}
      </ul>
    </Card>
  );
}
