import { Link, useRouterState } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { Button } from '@mantine/core';
import { toErrorShape, type ErrorShape } from '#shared/model/errors';
import { errorDetails } from './copy-details.logic';
import { CopyButton } from './copy-button';
import { usePassphraseRequest } from './passphrase-request';
import { remedies } from './remedies';
import styles from './ui.module.css';

interface ErrorPanelProps {
  error: ErrorShape;
  /** What failed, when the remedy's own title does not say it. */
  title?: string;
  retry?: (() => void) | undefined;
  /** Further buttons, before Copy details. */
  actions?: ReactNode;
}

/** A failure with what to do next: title, code, message, hint or remedy, and buttons. */
export function ErrorPanel({ error, title, retry, actions }: ErrorPanelProps) {
  const shape = toErrorShape(error);
  const remedy = remedies[shape.code];
  const holder = shape.details?.['run'];
  const path = useRouterState({ select: (state) => state.location.pathname });
  return (
    <div
      className={styles.panel}
      role="group"
      aria-label={`Problem: ${title ?? remedy.title}`}
      data-tone={shape.code === 'CANCELLED' ? 'warn' : 'bad'}
    >
      <div className={styles.panelTitle}>
        <span role="alert">{title ?? remedy.title}</span>
        <code>{shape.code}</code>
      </div>
      <p className="break">{shape.message}</p>
      <p className="t2 break">{shape.hint ?? remedy.todo}</p>
      <div className={styles.actions}>
        {actions}
        {retry === undefined ? null : <Button onClick={retry}>Retry</Button>}
        {remedy.action === 'open-connections' && path !== '/connections' ? (
          <Button renderRoot={(props) => <Link to="/connections" {...props} />}>Open Connections</Button>
        ) : null}
        {remedy.action === 'choose-passphrase' ? (
          <Button onClick={() => usePassphraseRequest.setState({ open: true })}>Choose a passphrase…</Button>
        ) : null}
        {remedy.action === 'show-run' && holder !== undefined ? (
          <Button renderRoot={(props) => <Link to="/migration" search={{ run: holder }} {...props} />}>
            Show that run
          </Button>
        ) : null}
        <CopyButton text={errorDetails(shape)}>Copy details</CopyButton>
      </div>
    </div>
  );
}
