import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { workspaceQuery } from '../api/queries';
import { Icon } from '../ui/icon';
import { Tag } from '../ui/tag';
import { WorkspaceSwitcher } from '../features/workspaces/workspace-switcher';
import styles from './frame.module.css';
import { pages } from './pages';

/** Brand, workspace and pages. Pages need an open workspace, so without one they are not shown. */
export function Navigation() {
  const workspace = useQuery(workspaceQuery);
  const current = workspace.data ?? undefined;
  const usable = current?.secrets.state === 'open';
  return (
    <nav className={styles.nav} aria-label="Main">
      <div className={styles.brand}>
        <Icon name="logo" size={20} />
        Cutover
        {current?.practice === true ? <Tag tone="warn">Practice</Tag> : null}
      </div>
      {current === undefined ? null : (
        <WorkspaceSwitcher
          current={current}
          className={styles.switcher}
          nameClassName={styles.switcherName}
        />
      )}
      {usable ? (
        <ul className={styles.links}>
          {pages.map(({ to, label, key }) => (
            <li key={to}>
              <Link
                to={to}
                className={styles.link}
                activeOptions={{ exact: to === '/', includeSearch: false }}
                aria-keyshortcuts={key}
              >
                {label}
                <kbd aria-hidden="true">{key}</kbd>
              </Link>
            </li>
          ))}
        </ul>
      ) : null}
    </nav>
  );
}
