'use client';

import { useRouter } from 'next/navigation';
import { type FormEvent, useState } from 'react';
import { useAuthStore } from '@/lib/store';

export default function LoginPage() {
  const router = useRouter();
  const setToken = useAuthStore((state) => state.setToken);
  const [error, setError] = useState('');
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const response = await fetch(`${process.env.NEXT_PUBLIC_API_URL}/auth/login`, {
      method: 'POST',
      body: new URLSearchParams({
        username: String(form.get('email')),
        password: String(form.get('password')),
      }),
    });
    if (!response.ok) return setError('That did not work');
    setToken((await response.json()).access_token);
    router.push('/orders');
  };
  return (
    <form onSubmit={submit}>
      <h1>Login</h1>
      <input name="email" placeholder="Email" />
      <input name="password" type="password" placeholder="Password" />
      <button>Login</button>
      <p>{error}</p>
    </form>
  );
}
