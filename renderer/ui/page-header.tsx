import {
  ActionIcon,
  Menu,
  UnstyledButton,
  useMantineColorScheme,
  type MantineColorScheme,
} from '@mantine/core';
import type { ReactNode } from 'react';
import { create } from 'zustand';
import { Icon, type IconName } from './icon';
import styles from './page-header.module.css';

/** Whether the command palette is open; the header's search button and the shortcut open it. */
export const usePalette = create<{ open: boolean }>(() => ({ open: false }));

/** The modifier that this keyboard's shortcuts use. */
export const modifierKey = /mac/i.test(navigator.userAgent) ? '⌘' : 'Ctrl';

const schemes: { value: MantineColorScheme; label: string; icon: IconName }[] = [
  { value: 'light', label: 'Light', icon: 'sun' },
  { value: 'dark', label: 'Dark', icon: 'moon' },
  { value: 'auto', label: 'As the system', icon: 'system' },
];

function ThemeSwitch() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const current = schemes.find((scheme) => scheme.value === colorScheme);
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="default" size={31} aria-label={`Theme: ${current?.label ?? 'As the system'}`}>
          <Icon name={current?.icon ?? 'system'} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {schemes.map(({ value, label, icon }) => (
          <Menu.Item
            key={value}
            leftSection={<Icon name={icon} />}
            onClick={() => setColorScheme(value)}
            aria-current={value === colorScheme}
          >
            {label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

interface PageHeaderProps {
  title: string;
  /** Where one is inside the page: a run's time, a count. */
  crumb?: string | undefined;
  state?: ReactNode;
  /** The page's own buttons, the primary one last. */
  actions?: ReactNode;
}

/** The bar above a page: what it is, its state, search, theme and the page's buttons. */
export function PageHeader({ title, crumb, state, actions }: PageHeaderProps) {
  return (
    <header className={styles.header}>
      <title>{`${title} · Cutover`}</title>
      <h1>{title}</h1>
      {crumb === undefined ? null : <span className={styles.crumb}>{crumb}</span>}
      {state}
      <div className={styles.right}>
        <UnstyledButton
          className={styles.search}
          onClick={() => usePalette.setState({ open: true })}
          aria-keyshortcuts="Control+K Meta+K"
        >
          <Icon name="search" size={16} />
          <span>Search or run a command</span>
          <kbd>{modifierKey} K</kbd>
        </UnstyledButton>
        <ThemeSwitch />
        {actions}
      </div>
    </header>
  );
}

/** The scrolling part of a page under its header. */
export function PageBody({ children }: { children: ReactNode }) {
  return <div className={styles.body}>{children}</div>;
}
