import Link from 'next/link';

export default function Home() {
  return (
    <main>
      <h1>The shop</h1>
      <Link href="/orders">My orders</Link> <Link href="/login">Sign in</Link>
    </main>
  );
}
