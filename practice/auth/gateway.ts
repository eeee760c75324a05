import { timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Claims, TokenSigner } from './tokens';

/** The two keys of a project. */
export interface ProjectKeys {
  publishableKey: string;
  secretKey: string;
}

/** Whom a request speaks for, after its key and token were checked. */
export interface Caller {
  role: 'anon' | 'authenticated' | 'service_role';
  /** Set when the request carries a user's access token. */
  claims?: Claims;
}

export interface GatewayRefusal {
  status: 401;
  body: { message: string; hint: string };
}

const refuse = (message: string, hint: string): GatewayRefusal => ({ status: 401, body: { message, hint } });

function same(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}

const looksLikeBrowser = (userAgent: string): boolean =>
  /Mozilla|Chrome|Safari|Firefox|Edg|Opera/i.test(userAgent);

/** Checks `apikey` and `Authorization` as the API gateway in front of all services does. */
export async function admit(
  headers: IncomingHttpHeaders,
  query: URLSearchParams,
  keys: ProjectKeys,
  signer: TokenSigner,
): Promise<Caller | GatewayRefusal> {
  const header = headers['apikey'];
  const key = typeof header === 'string' ? header : query.get('apikey');
  if (key === null) {
    return refuse('No API key found in request', 'No `apikey` request header or url param was found.');
  }
  const secret = same(key, keys.secretKey);
  if (!secret && !same(key, keys.publishableKey)) {
    return refuse('Invalid API key', 'Double check your Supabase `anon` or `service_role` API key.');
  }
  if (secret && looksLikeBrowser(headers['user-agent'] ?? '')) {
    return refuse(
      'Forbidden use of secret API key in browser',
      'Secret API keys can only be used in a protected environment and should never be used in a browser.',
    );
  }
  const bearer = /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1];
  if (bearer === undefined || same(bearer, key)) return { role: secret ? 'service_role' : 'anon' };
  const claims = await signer.verify(bearer);
  if (claims === undefined)
    return refuse('Invalid JWT', 'The Authorization header holds neither the API key nor a valid token.');
  return { role: claims.role === 'authenticated' ? 'authenticated' : 'anon', claims };
}
