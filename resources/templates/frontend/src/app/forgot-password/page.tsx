'use client';

import Link from 'next/link';
import { type ReactNode, useState } from 'react';
import { AuthForm } from '@/components/auth-form';
import { Notice } from '@/components/notice';
import { supabase } from '@/lib/supabase';

export default function ForgotPasswordPage(): ReactNode {
  const [sentTo, setSentTo] = useState<string>();
  if (sentTo !== undefined) {
    return (
      <Notice title="Look into your mail">
        <p>
          If {sentTo} has an account, a link to choose a new password is on its way. It works for one hour.
        </p>
        <p>
          <Link href="/login">Back to signing in</Link>
        </p>
      </Notice>
    );
  }
  return (
    <AuthForm
      title="Choose a new password"
      submit="Send me a link"
      fields={[{ name: 'email', label: 'E-mail address', type: 'email', autoComplete: 'email' }]}
      onSubmit={async ({ email = '' }) => {
        const redirectTo = `${location.origin}/reset-password`;
        const { error } = await supabase().auth.resetPasswordForEmail(email, { redirectTo });
        if (error === null) setSentTo(email);
        return error;
      }}
    >
      <p>
        <Link href="/login">Back to signing in</Link>
      </p>
    </AuthForm>
  );
}
