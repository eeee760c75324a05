import { describe, expect, it } from 'vitest';
import { createPace } from './pace';

const never = new AbortController().signal;

describe('a pace', () => {
  it('lets so many in and the others wait for their turn', async () => {
    const pace = createPace(2);
    const order: string[] = [];
    const enter = async (name: string): Promise<void> => {
      await pace.enter(never);
      order.push(name);
    };
    const all = ['a', 'b', 'c', 'd'].map(enter);
    await Promise.all(all.slice(0, 2));
    expect(order).toEqual(['a', 'b']);
    pace.leave('well');
    await all[2];
    expect(order).toEqual(['a', 'b', 'c']);
    pace.leave('well');
    await all[3];
  });

  it('halves once for refusals that come together, falls to one, and grows back', async () => {
    let now = 0;
    const pace = createPace(8, () => now);
    const request = async (ended: 'well' | 'refused'): Promise<void> => {
      await pace.enter(never);
      pace.leave(ended);
    };
    for (let count = 0; count < 5; count += 1) await request('refused');
    expect(pace.places).toBe(4);
    for (let count = 0; count < 9; count += 1) {
      now += 1_000;
      await request('refused');
    }
    expect(pace.places).toBe(1);
    let needed = 0;
    for (; pace.places < 8; needed += 1) await request('well');
    expect(needed).toBeLessThan(64);
    await request('well');
    expect(pace.places).toBe(8);
  });

  it('forgets one who stops waiting', async () => {
    const pace = createPace(1);
    await pace.enter(never);
    const stop = new AbortController();
    const gone = pace.enter(stop.signal);
    const next = pace.enter(never);
    stop.abort();
    await expect(gone).rejects.toThrow();
    pace.leave('well');
    await next;
    pace.leave('well');
    await pace.enter(never);
  });
});
