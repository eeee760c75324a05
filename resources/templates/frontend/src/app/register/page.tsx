'use client';

import Link from 'next/link';
import { useRouter } from 'next/navigation';
import { type ReactNode, useState } from 'react';
import { AuthForm } from '@/components/auth-form';
import { Notice } from '@/components/notice';
import { supabase } from '@/lib/supabase';

export default function RegisterPage(): ReactNode {
  const router = useRouter();
  const [sentTo, setSentTo] = useState<string>();
  if (sentTo !== undefined) {
    return (
      <Notice title="Look into your mail">
        <p>
          We sent a link to {sentTo}. Open it to confirm your address. If nothing comes, the address may have
          an account already: <Link href="/login">sign in</Link> or{' '}
          <Link href="/forgot-password">choose a new password</Link>.
        </p>
      </Notice>
    );
  }
  return (
    <AuthForm
      title="Make an account"
      submit="Make an account"
      fields={[
        { name: 'email', label: 'E-mail address', type: 'email', autoComplete: 'email' },
        {
          name: 'password',
          label: 'Password',
          type: 'password',
          autoComplete: 'new-password',
          minLength: 8,
          hint: 'At least 8 characters.',
        },
      ]}
      onSubmit={async ({ email = '', password = '' }) => {
        const emailRedirectTo = `${location.origin}/`;
        const { data, error } = await supabase().auth.signUp({
          email,
          password,
          options: { emailRedirectTo },
        });
        if (error !== null) return error;
        // Projects that confirm addresses by themselves sign in at once.
        if (data.session === null) setSentTo(email);
        else router.push('/');
        return null;
      }}
    >
      <p>
        You have one? <Link href="/login">Sign in</Link>
      </p>
    </AuthForm>
  );
}
