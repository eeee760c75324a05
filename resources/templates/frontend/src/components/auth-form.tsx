'use client';

import { type FormEvent, type ReactNode, useEffect, useId, useRef, useState } from 'react';
import { type AuthProblem, messageOf, problemOf } from '@/lib/auth-messages';

export interface AuthField {
  name: string;
  label: string;
  type: 'email' | 'password';
  autoComplete: 'email' | 'current-password' | 'new-password';
  minLength?: number;
  hint?: string;
}

interface AuthFormProps {
  title: string;
  submit: string;
  fields: readonly AuthField[];
  /** Does it; resolves with the error of the Supabase client, or with null. */
  onSubmit: (values: Record<string, string>) => Promise<unknown>;
  /** What helps with this problem: another mail, a link. */
  help?: (problem: AuthProblem, values: Record<string, string>) => ReactNode;
  children?: ReactNode;
}

/** One form of an account page in all its states: ready, sending, refused with what helps, offline. */
export function AuthForm({ title, submit, fields, onSubmit, help, children }: AuthFormProps): ReactNode {
  const id = useId();
  const [sending, setSending] = useState(false);
  // What is typed before the page's code has arrived would be lost.
  const [ready, setReady] = useState(false);
  const [refused, setRefused] = useState<{ problem: AuthProblem; values: Record<string, string> }>();
  const alert = useRef<HTMLDivElement>(null);
  useEffect(() => setReady(true), []);
  useEffect(() => {
    if (refused !== undefined) alert.current?.focus();
  }, [refused]);

  const send = async (form: HTMLFormElement): Promise<void> => {
    const values = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value)]));
    setSending(true);
    setRefused(undefined);
    const error = await onSubmit(values).catch((thrown: unknown) => thrown);
    setSending(false);
    if (error !== null && error !== undefined) setRefused({ problem: problemOf(error), values });
  };

  return (
    <main className="card">
      <h1>{title}</h1>
      {refused !== undefined && (
        <div role="alert" tabIndex={-1} ref={alert} className="alert">
          <p>{messageOf(refused.problem)}</p>
          {help?.(refused.problem, refused.values)}
        </div>
      )}
      <form
        aria-label={title}
        onSubmit={(event: FormEvent<HTMLFormElement>) => {
          event.preventDefault();
          if (!sending) void send(event.currentTarget);
        }}
      >
        {fields.map((field) => (
          <p key={field.name}>
            <label htmlFor={`${id}-${field.name}`}>{field.label}</label>
            <input
              id={`${id}-${field.name}`}
              name={field.name}
              type={field.type}
              autoComplete={field.autoComplete}
              minLength={field.minLength}
              required
              disabled={!ready}
              aria-describedby={field.hint === undefined ? undefined : `${id}-${field.name}-hint`}
            />
            {field.hint !== undefined && <small id={`${id}-${field.name}-hint`}>{field.hint}</small>}
          </p>
        ))}
        <button type="submit" disabled={!ready} aria-disabled={sending} aria-busy={sending}>
          {sending ? 'One moment…' : submit}
        </button>
      </form>
      {children}
    </main>
  );
}
