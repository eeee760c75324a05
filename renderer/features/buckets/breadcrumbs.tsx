import styles from './buckets.module.css';
import { pathOf } from './rows.logic';

interface BreadcrumbsProps {
  /** What the list of buckets is called. */
  top: string;
  bucket: string | undefined;
  prefix: string;
  onOpen: (place: { bucket?: string | undefined; prefix?: string | undefined }) => void;
}

/** Where one is: the side, the bucket, the folders. */
export function Breadcrumbs({ top, bucket, prefix, onOpen }: BreadcrumbsProps) {
  const parts = [
    { name: top, open: () => onOpen({}) },
    ...(bucket === undefined ? [] : [{ name: bucket, open: () => onOpen({ bucket }) }]),
    ...(bucket === undefined ? [] : pathOf(prefix)).map((part) => ({
      name: part.name === '' ? '(no name)' : part.name,
      open: () => onOpen({ bucket, prefix: part.prefix }),
    })),
  ];
  return (
    <nav className={styles.crumbs} aria-label="Folder">
      <ol>
        {parts.map(({ name, open }, index) => (
          <li key={index}>
            {index === parts.length - 1 ? (
              <span aria-current="page" title={name}>
                {name}
              </span>
            ) : (
              <button type="button" title={name} onClick={open}>
                {name}
              </button>
            )}
            {index === parts.length - 1 ? null : <span aria-hidden="true">/</span>}
          </li>
        ))}
      </ol>
    </nav>
  );
}
