'use client';

import Link from 'next/link';
import { type ReactNode, useEffect, useState } from 'react';
import { Notice } from '@/components/notice';
import { fetchMe, type Me } from '@/lib/api';
import { ApiError } from '@/lib/request';
import { signOut, useSession } from '@/lib/store';

/** The start page: who is signed in, as the backend sees it. */
export default function HomePage(): ReactNode {
  const { status, session } = useSession();
  if (status === 'loading') return <Notice title="One moment…">Looking for your session.</Notice>;
  if (session === null) {
    return (
      <Notice title="Welcome">
        <p>
          <Link href="/login">Sign in</Link> or <Link href="/register">make an account</Link>.
        </p>
      </Notice>
    );
  }
  return <Account key={session.user.id} />;
}

function Account(): ReactNode {
  const [me, setMe] = useState<Me>();
  const [failure, setFailure] = useState<string>();
  useEffect(() => {
    let gone = false;
    fetchMe().then(
      (found) => {
        if (!gone) setMe(found);
      },
      (error: unknown) => {
        if (!gone) setFailure(error instanceof ApiError ? error.message : 'That did not work.');
      },
    );
    return () => {
      gone = true;
    };
  }, []);
  return (
    <main className="card">
      <h1>Your account</h1>
      {failure !== undefined && (
        <div role="alert" className="alert">
          <p>{failure}</p>
        </div>
      )}
      <p role="status">{me === undefined ? '' : `Signed in as ${me.email ?? me.id ?? 'somebody'}`}</p>
      <button type="button" onClick={() => void signOut()}>
        Sign out
      </button>
    </main>
  );
}
