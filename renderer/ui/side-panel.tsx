import { CloseButton } from '@mantine/core';
import { useId, type KeyboardEvent, type ReactNode } from 'react';
import styles from './side-panel.module.css';

/** A list with room for a {@link SidePanel} beside it: the list first, then the panel or null. */
export function SidePanelLayout({ children }: { children: ReactNode }) {
  return <div className={styles.layout}>{children}</div>;
}

/** Takes the focus when the panel opens, and gives it back to the row that opened it. */
function holdFocus(panel: HTMLElement | null): (() => void) | undefined {
  if (panel === null) return undefined;
  const before = document.activeElement;
  panel.focus();
  return () => {
    if (before instanceof HTMLElement && before.isConnected) before.focus();
  };
}

interface SidePanelProps {
  title: string;
  onClose: () => void;
  /** Stays in sight at the lower edge: the panel's buttons. */
  footer?: ReactNode;
  children: ReactNode;
}

/**
 * Everything about one row of the list beside it. No dialog: the list stays usable, and another row changes what the panel shows. Escape
 * closes it. On narrow pages it lies over the list.
 */
export function SidePanel({ title, onClose, footer, children }: SidePanelProps) {
  const titleId = useId();
  const onKey = (event: KeyboardEvent) => {
    // A dialog or menu that was opened from the panel has its own Escape.
    if (event.key !== 'Escape' || event.defaultPrevented) return;
    if (!(event.target instanceof Node) || !event.currentTarget.contains(event.target)) return;
    event.stopPropagation();
    onClose();
  };
  return (
    <aside ref={holdFocus} className={styles.panel} aria-labelledby={titleId} tabIndex={-1} onKeyDown={onKey}>
      <div className={styles.head}>
        <h2 id={titleId}>{title}</h2>
        <CloseButton size="sm" aria-label="Close the panel" onClick={onClose} />
      </div>
      <div className={styles.content}>{children}</div>
      {footer === undefined ? null : <div className={styles.footer}>{footer}</div>}
    </aside>
  );
}

/** A titled part of a side panel. */
export function SidePanelSection({ title, children }: { title: string; children: ReactNode }) {
  const titleId = useId();
  return (
    <section className={styles.section} aria-labelledby={titleId}>
      <h3 id={titleId}>{title}</h3>
      {children}
    </section>
  );
}
