'use client';

import Link from 'next/link';
import { type ReactNode, useState } from 'react';
import { AuthForm } from '@/components/auth-form';
import { Notice } from '@/components/notice';
import { useSession } from '@/lib/store';
import { supabase } from '@/lib/supabase';

/** Where the link in the mail leads: it signs in, and this asks for the new password. */
export default function ResetPasswordPage(): ReactNode {
  const { status, session } = useSession();
  const [changed, setChanged] = useState(false);
  if (changed) {
    return (
      <Notice title="Your password is changed">
        <p>
          You are signed in. <Link href="/">Go on</Link>
        </p>
      </Notice>
    );
  }
  if (status === 'loading') return <Notice title="One moment…">Checking the link.</Notice>;
  if (session === null) {
    return (
      <Notice title="This link does not work">
        <p>
          It has expired or was used before. <Link href="/forgot-password">Ask for a new one</Link>
        </p>
      </Notice>
    );
  }
  return (
    <AuthForm
      title="Choose a new password"
      submit="Change the password"
      fields={[
        {
          name: 'password',
          label: 'New password',
          type: 'password',
          autoComplete: 'new-password',
          minLength: 8,
          hint: 'At least 8 characters.',
        },
      ]}
      onSubmit={async ({ password = '' }) => {
        const { error } = await supabase().auth.updateUser({ password });
        if (error === null) setChanged(true);
        return error;
      }}
    />
  );
}
