import { randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, jwtVerify, SignJWT, type JWK } from 'jose';
import { z } from 'zod';

/** Seconds that an access token is valid. */
export const accessTokenSeconds = 3600;

const claimsSchema = z
  .looseObject({ sub: z.string(), role: z.string(), session_id: z.string().optional() })
  .transform((claims) => ({ ...claims, json: JSON.stringify(claims) }));
export type Claims = z.infer<typeof claimsSchema>;

/** Signs and checks access tokens with an ES256 key of this start. */
export interface TokenSigner {
  readonly jwks: { keys: JWK[] };
  sign(claims: Record<string, unknown>, issuedAt: number): Promise<string>;
  /** The claims of a valid token, undefined for every other string. */
  verify(token: string): Promise<Claims | undefined>;
}

export async function createTokenSigner(issuer: string): Promise<TokenSigner> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  const kid = randomUUID();
  const jwk = {
    ...(await exportJWK(publicKey)),
    alg: 'ES256',
    kid,
    use: 'sig',
    key_ops: ['verify'],
    ext: true,
  };
  return {
    jwks: { keys: [jwk] },
    sign: (claims, issuedAt) =>
      new SignJWT({ iss: issuer, ...claims })
        .setProtectedHeader({ alg: 'ES256', kid, typ: 'JWT' })
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt + accessTokenSeconds)
        .sign(privateKey),
    async verify(token) {
      try {
        const { payload } = await jwtVerify(token, publicKey, { algorithms: ['ES256'], issuer });
        return claimsSchema.parse(payload);
      } catch {
        return undefined;
      }
    },
  };
}
