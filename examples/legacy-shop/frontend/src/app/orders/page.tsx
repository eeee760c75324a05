'use client';

import { useEffect, useState } from 'react';
import { api } from '@/lib/api';

export default function OrdersPage() {
  const [orders, setOrders] = useState<{ id: number; total: string }[]>();
  useEffect(() => {
    api<{ id: number; total: string }[]>('/api/orders').then(setOrders, () => setOrders([]));
  }, []);
  return (
    <main>
      <h1>My orders</h1>
      <p>{orders === undefined ? 'One moment…' : `${orders.length} orders`}</p>
    </main>
  );
}
