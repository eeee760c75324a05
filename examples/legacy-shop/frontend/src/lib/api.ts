import { useAuthStore } from './store';

const base = process.env.NEXT_PUBLIC_API_URL ?? 'http://localhost:8000';

export async function api<T>(path: string, init: RequestInit = {}): Promise<T> {
  const { token } = useAuthStore.getState();
  const response = await fetch(`${base}${path}`, {
    ...init,
    headers: {
      'Content-Type': 'application/json',
      ...(token ? { Authorization: `Bearer ${token}` } : {}),
    },
  });
  if (!response.ok) throw new Error(`${response.status}`);
  return response.json();
}
