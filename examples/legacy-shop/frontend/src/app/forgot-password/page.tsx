'use client';

import { api } from '@/lib/api';

export default function ForgotPasswordPage() {
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        const email = new FormData(event.currentTarget).get('email');
        void api('/auth/forgot-password', { method: 'POST', body: JSON.stringify({ email }) });
      }}
    >
      <h1>Forgot password</h1>
      <input name="email" placeholder="Email" />
      <button>Send</button>
    </form>
  );
}
