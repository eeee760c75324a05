import type { Metadata } from 'next';
import type { ReactNode } from 'react';
import { SessionFollower } from '@/components/session-follower';
import './globals.css';

export const metadata: Metadata = { title: 'Application' };

export default function RootLayout({ children }: { children: ReactNode }): ReactNode {
  return (
    <html lang="en">
      <body>
        <SessionFollower />
        {children}
      </body>
    </html>
  );
}
