import type { ActivityEntry } from '#shared/model/activity';
import { formatDateTime } from '../../ui/format';
import { Tag } from '../../ui/tag';
import { areaNames, changesOf, outcomes } from './activity.logic';
import styles from './activity.module.css';

function Entry({ entry }: { entry: ActivityEntry }) {
  const { label, tone } = outcomes[entry.outcome];
  const changes = changesOf(entry);
  return (
    <li className={styles.entry}>
      <time dateTime={entry.at} className="num muted">
        {formatDateTime(entry.at)}
      </time>
      <div className={styles.what}>
        <div className={styles.headline}>
          <span className="mono">{entry.action}</span>
          <strong className="break">{entry.target}</strong>
          <Tag tone={tone}>{label}</Tag>
        </div>
        {entry.detail === undefined ? null : <div className="t2 break">{entry.detail}</div>}
        {changes.length === 0 ? null : (
          <ul className={styles.changes}>
            {changes.map((change) => (
              <li key={change} className="mono break">
                {change}
              </li>
            ))}
          </ul>
        )}
      </div>
      <div className={styles.who}>
        <span className="t2">{areaNames[entry.area]}</span>
        <span className="muted break">
          {entry.by} · {entry.host}
        </span>
      </div>
    </li>
  );
}

/** Acts, the newest first. */
export function ActivityList({ entries }: { entries: readonly ActivityEntry[] }) {
  return (
    <ul className={styles.list} aria-label="Acts">
      {entries.map((entry) => (
        <Entry key={entry.id} entry={entry} />
      ))}
    </ul>
  );
}
