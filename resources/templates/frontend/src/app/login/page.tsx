'use client';

import Link from 'next/link';
import { useRouter } from 'next/navigation';
import { type ReactNode, useState } from 'react';
import { AuthForm } from '@/components/auth-form';
import { supabase } from '@/lib/supabase';

export default function LoginPage(): ReactNode {
  const router = useRouter();
  return (
    <AuthForm
      title="Sign in"
      submit="Sign in"
      fields={[
        { name: 'email', label: 'E-mail address', type: 'email', autoComplete: 'email' },
        { name: 'password', label: 'Password', type: 'password', autoComplete: 'current-password' },
      ]}
      onSubmit={async ({ email = '', password = '' }) => {
        const { error } = await supabase().auth.signInWithPassword({ email, password });
        if (error === null) router.push('/');
        return error;
      }}
      help={(problem, { email = '' }) => {
        if (problem === 'unconfirmed') return <SendAgain email={email} />;
        return problem === 'wrong-password' ? (
          <p>
            <Link href="/forgot-password">Choose a new password</Link>
          </p>
        ) : null;
      }}
    >
      <p>
        <Link href="/forgot-password">Forgot your password?</Link>
      </p>
      <p>
        New here? <Link href="/register">Make an account</Link>
      </p>
    </AuthForm>
  );
}

function SendAgain({ email }: { email: string }): ReactNode {
  const [state, setState] = useState<'ready' | 'sending' | 'sent' | 'failed'>('ready');
  if (state === 'sent') return <p role="status">The mail is on its way.</p>;
  const send = async (): Promise<void> => {
    setState('sending');
    const { error } = await supabase().auth.resend({ type: 'signup', email });
    setState(error === null ? 'sent' : 'failed');
  };
  return (
    <p>
      <button type="button" aria-busy={state === 'sending'} onClick={() => void send()}>
        {state === 'failed' ? 'That did not work. Try again' : 'Send the mail again'}
      </button>
    </p>
  );
}
