import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** Who may talk to a browser host: whoever has opened one of its addresses, each of which works once. */
export interface Session {
  /** A new one-time token, as it stands in an address. Older unused ones stay valid, up to 16. */
  issueToken(): string;
  /** The `Set-Cookie` value for a token, or undefined when the token is unknown or used. */
  redeem(token: string): string | undefined;
  /** Whether a `Cookie` header holds this session. */
  admits(cookieHeader: string | undefined): boolean;
}

const maxTokens = 16;

const secret = () => randomBytes(32).toString('base64url');
const digest = (text: string) => createHash('sha256').update(text).digest();

/** Digests have one length, so the comparison takes the same time whatever was sent. */
function same(known: Buffer, sent: string): boolean {
  return timingSafeEqual(known, digest(sent));
}

/** The cookie's name holds the port and a random part: cookies ignore ports, and two hosts must not clash. */
export function createSession(port: number): Session {
  const cookieName = `cutover-${port}-${randomBytes(6).toString('hex')}`;
  const cookieValue = secret();
  const cookieDigest = digest(cookieValue);
  let tokens: Buffer[] = [];

  return {
    issueToken() {
      const token = secret();
      tokens = [...tokens, digest(token)].slice(-maxTokens);
      return token;
    },
    redeem(token) {
      // Every token is compared, so that the time does not tell which one was near.
      const matches = tokens.filter((known) => same(known, token));
      if (matches.length === 0) return undefined;
      tokens = tokens.filter((known) => !matches.includes(known));
      return `${cookieName}=${cookieValue}; Path=/; HttpOnly; SameSite=Strict`;
    },
    admits(cookieHeader) {
      const pairs = (cookieHeader ?? '').split(';').map((pair) => pair.trim());
      const value = pairs.find((pair) => pair.startsWith(`${cookieName}=`))?.slice(cookieName.length + 1);
      return value !== undefined && same(cookieDigest, value);
    },
  };
}
