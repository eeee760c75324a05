import { describe, expect, test, vi } from 'vitest';
import { ApiError, createRequest, type TokenSource } from './request';

const answer = (status: number, body: unknown = {}): Response => Response.json(body, { status });

function source(changes: Partial<TokenSource> = {}) {
  return {
    current: vi.fn(() => Promise.resolve<string | undefined>('first')),
    renew: vi.fn(() => Promise.resolve<string | undefined>('second')),
    ended: vi.fn(() => Promise.resolve()),
    ...changes,
  };
}

/** A backend that takes one token only. */
const backend = (accepted: string) =>
  vi.fn<typeof fetch>((_url, init) => {
    const given = new Headers(init?.headers).get('Authorization');
    return Promise.resolve(given === `Bearer ${accepted}` ? answer(200, { ok: true }) : answer(401));
  });

describe('createRequest', () => {
  test('sends the token and the type of a body', async () => {
    const send = backend('first');
    const request = createRequest(() => 'https://api.example.com/', source(), send);
    expect(await request('/items', { method: 'POST', body: '{}' })).toEqual({ ok: true });
    const [url, init] = send.mock.calls[0] ?? [];
    expect(url).toBe('https://api.example.com/items');
    expect(new Headers(init?.headers).get('Content-Type')).toBe('application/json');
  });

  test('renews a refused token once, for all requests that wait', async () => {
    const tokens = source();
    const send = backend('second');
    const request = createRequest(() => '', tokens, send);
    await Promise.all([request('/a'), request('/b'), request('/c')]);
    expect(tokens.renew).toHaveBeenCalledTimes(1);
    expect(send).toHaveBeenCalledTimes(6);
    expect(tokens.ended).not.toHaveBeenCalled();
  });

  test('ends the session when the renewed token is refused too, and tries no third time', async () => {
    const tokens = source();
    const send = backend('third');
    await expect(createRequest(() => '', tokens, send)('/a')).rejects.toMatchObject({ status: 401 });
    expect(send).toHaveBeenCalledTimes(2);
    expect(tokens.ended).toHaveBeenCalledTimes(1);
    const over = source({ renew: () => Promise.resolve(undefined) });
    await expect(createRequest(() => '', over, backend('x'))('/a')).rejects.toMatchObject({ status: 401 });
    expect(over.ended).toHaveBeenCalledTimes(1);
  });

  test('asks nobody to sign in who was not signed in', async () => {
    const tokens = source({ current: () => Promise.resolve(undefined) });
    await expect(createRequest(() => '', tokens, backend('x'))('/a')).rejects.toMatchObject({ status: 401 });
    expect(tokens.renew).not.toHaveBeenCalled();
    expect(tokens.ended).not.toHaveBeenCalled();
  });

  test('tells refusals and a lost connection apart', async () => {
    const refuse = () => Promise.resolve(answer(410, { detail: { code: 'moved', message: 'It moved.' } }));
    const gone = createRequest(() => '', source(), refuse)('/auth/login');
    await expect(gone).rejects.toEqual(new ApiError(410, 'moved', 'It moved.'));
    const broken = createRequest(
      () => '',
      source(),
      () => Promise.reject(new TypeError('Failed to fetch')),
    );
    await expect(broken('/a')).rejects.toMatchObject({ status: 0, code: 'offline' });
    const html = createRequest(
      () => '',
      source(),
      () => Promise.resolve(new Response('<h1>', { status: 502 })),
    );
    await expect(html('/a')).rejects.toMatchObject({ status: 502, code: 'failed' });
  });
});
