import type { ReactNode } from 'react';

/** A page that tells how something went, read out when it appears. */
export function Notice({ title, children }: { title: string; children: ReactNode }): ReactNode {
  return (
    <main className="card">
      <div role="status">
        <h1>{title}</h1>
        {children}
      </div>
    </main>
  );
}
