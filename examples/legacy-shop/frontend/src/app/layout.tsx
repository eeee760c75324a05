import type { ReactNode } from 'react';

export const metadata = { title: 'Shop' };

export default function RootLayout({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      <body>
        <header>The shop</header>
        {children}
      </body>
    </html>
  );
}
