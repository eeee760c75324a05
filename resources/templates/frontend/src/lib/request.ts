/** A refusal or failure of the backend. `status` is 0 when it could not be reached. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
    this.name = 'ApiError';
  }
}

/** Where requests get their tokens from. */
export interface TokenSource {
  /** The access token of the session, undefined when nobody is signed in. */
  current(): Promise<string | undefined>;
  /** A new token in the place of one that was refused; undefined when the session has ended. */
  renew(): Promise<string | undefined>;
  /** Called once a renewed token was refused too. */
  ended(): Promise<void>;
}

export type Request = <T>(path: string, init?: RequestInit) => Promise<T>;

/** Makes requests to the backend with the session's token. A 401 renews the token and tries once more, never twice. */
export function createRequest(
  baseUrl: () => string,
  tokens: TokenSource,
  send: typeof fetch = fetch,
): Request {
  // Several requests that are refused at the same time share one renewal: a refresh token works once.
  let renewing: Promise<string | undefined> | undefined;
  const renew = (): Promise<string | undefined> => {
    renewing ??= tokens.renew().finally(() => {
      renewing = undefined;
    });
    return renewing;
  };

  const attempt = async (path: string, init: RequestInit, token: string | undefined): Promise<Response> => {
    const headers = new Headers(init.headers);
    if (token !== undefined) headers.set('Authorization', `Bearer ${token}`);
    if (typeof init.body === 'string' && !headers.has('Content-Type'))
      headers.set('Content-Type', 'application/json');
    try {
      return await send(`${baseUrl().replace(/\/+$/, '')}${path}`, { ...init, headers });
    } catch (error) {
      if (error instanceof DOMException && error.name === 'AbortError') throw error;
      throw new ApiError(0, 'offline', 'The server can’t be reached. Check your connection.');
    }
  };

  return async <T>(path: string, init: RequestInit = {}): Promise<T> => {
    const token = await tokens.current();
    let response = await attempt(path, init, token);
    if (response.status === 401 && token !== undefined) {
      const renewed = await renew();
      if (renewed !== undefined) response = await attempt(path, init, renewed);
      if (response.status === 401) await tokens.ended();
    }
    if (!response.ok) throw await failureOf(response);
    return (response.status === 204 ? undefined : await response.json()) as T;
  };
}

async function failureOf(response: Response): Promise<ApiError> {
  const body: unknown = await response.json().catch(() => undefined);
  const detail = typeof body === 'object' && body !== null && 'detail' in body ? body.detail : undefined;
  const field = (name: string): string | undefined => {
    if (typeof detail !== 'object' || detail === null) return undefined;
    const value: unknown = Reflect.get(detail, name);
    return typeof value === 'string' ? value : undefined;
  };
  return new ApiError(
    response.status,
    field('code') ?? 'failed',
    field('message') ?? 'That did not work. Try again.',
  );
}
