import { createRequest } from './request';
import { sessionKnown } from './store';
import { setting, supabase } from './supabase';

/** The person who is signed in, as the backend sees them. */
export interface Me {
  id: string | null;
  email: string | null;
  role: string;
}

/** Requests to the backend, signed with the Supabase session. Throws ApiError. */
export const api = createRequest(() => setting('NEXT_PUBLIC_API_URL'), {
  current: async () => {
    await sessionKnown();
    return (await supabase().auth.getSession()).data.session?.access_token;
  },
  renew: async () => (await supabase().auth.refreshSession()).data.session?.access_token,
  ended: async () => {
    await supabase().auth.signOut({ scope: 'local' });
  },
});

/** Who the backend takes the session for. */
export const fetchMe = (): Promise<Me> => api<Me>('/auth/me');
