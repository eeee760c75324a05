import type { EmailOtpType, Session } from '@supabase/supabase-js';
import { create } from 'zustand';
import { setting, supabase } from './supabase';

/** Where the old login kept its token. */
const oldTokenKey = 'token';

interface SessionState {
  /** `loading` until the browser's storage was read. */
  status: 'loading' | 'signed-in' | 'signed-out';
  session: Session | null;
}

/** The session of this browser. Supabase's client owns it; this follows. */
export const useSession = create<SessionState>(() => ({
  status: 'loading',
  session: null,
}));

let stopFollowing: (() => void) | undefined;

/** Begins to follow the session, once however often it is called. */
export function followSession(): void {
  if (stopFollowing !== undefined) return;
  const { data } = supabase().auth.onAuthStateChange((event, session) => {
    if (event === 'INITIAL_SESSION' && session === null) {
      // Not inside of this callback: the client holds its lock while it runs.
      setTimeout(() => void takeOverOldSession(), 0);
      return;
    }
    useSession.setState({ session, status: session === null ? 'signed-out' : 'signed-in' });
  });
  stopFollowing = () => data.subscription.unsubscribe();
}

/** Resolves once it is known whether somebody is signed in: a token of the old login may be on its way to become a session. */
export function sessionKnown(): Promise<void> {
  followSession();
  return new Promise((resolve) => {
    if (useSession.getState().status !== 'loading') {
      resolve();
      return;
    }
    const stop = useSession.subscribe(({ status }) => {
      if (status === 'loading') return;
      stop();
      resolve();
    });
  });
}

/** During the changeover: a token of the old login becomes a session, so that nobody has to sign in again. */
async function takeOverOldSession(): Promise<void> {
  const old = localStorage.getItem(oldTokenKey);
  try {
    if (old !== null) {
      const response = await fetch(`${setting('NEXT_PUBLIC_API_URL')}/auth/exchange`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${old}` },
      });
      if (response.ok) {
        const { token_hash, type } = (await response.json()) as { token_hash: string; type: EmailOtpType };
        await supabase().auth.verifyOtp({ token_hash, type });
      }
      // A refusal is final; only a server in trouble is asked again at the next visit.
      if (response.status < 500) localStorage.removeItem(oldTokenKey);
    }
  } catch {
    // Without a connection the old token stays for the next visit.
  } finally {
    if (useSession.getState().session === null) useSession.setState({ status: 'signed-out' });
  }
}

/** Ends the session of this browser. */
export async function signOut(): Promise<void> {
  await supabase().auth.signOut({ scope: 'local' });
}
