import { once } from 'node:events';
import { createServer } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { withDeadline } from './deadline';

const silent = createServer(() => undefined);
let url: string;
beforeAll(async () => {
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port } = z.object({ port: z.number() }).parse(silent.address());
  url = `http://127.0.0.1:${port}`;
});
afterAll(() => {
  silent.closeAllConnections();
  silent.close();
});

it('ends a request that gets no answer, whatever the collector of garbage throws away meanwhile', async () => {
  setFlagsFromString('--expose-gc');
  const collect = z.function().parse(runInNewContext('gc'));
  const pressure = setInterval(() => collect(), 20);
  try {
    const { signal } = new AbortController();
    const failures = await Promise.all(
      Array.from({ length: 10 }, () =>
        fetch(url, { signal: withDeadline(signal, 300) }).catch((error: unknown) => error),
      ),
    );
    expect(failures).toMatchObject(failures.map(() => ({ name: 'TimeoutError' })));
  } finally {
    clearInterval(pressure);
  }
});

it('ends with the signal that it was given', async () => {
  const controller = new AbortController();
  const request = fetch(url, { signal: withDeadline(controller.signal, 60_000) });
  controller.abort();
  await expect(request).rejects.toMatchObject({ name: 'AbortError' });
});
