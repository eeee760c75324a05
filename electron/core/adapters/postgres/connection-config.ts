import { readFileSync } from 'node:fs';
import { isIPv4 } from 'node:net';
import { AppError } from '#shared/model/errors';
import type { SettingName } from '#shared/model/settings';
import type { ConnectionKind, DatabaseSide } from '../../ports/database';

/** A connection URL taken apart. Holds the password: never logged, never put into an error. */
export interface ConnectionConfig {
  readonly side: DatabaseSide;
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string;
  /** `verify`: TLS with a verified certificate. `off`: no TLS. */
  readonly tls: 'verify' | 'off';
  /** PEM of the authorities that `sslrootcert` names; the system's own when absent. */
  readonly ca?: string;
}

/** The setting that holds the connection URL of a side. */
export const urlSetting: Record<DatabaseSide, SettingName> = {
  source: 'SOURCE_DATABASE_URL',
  target: 'SUPABASE_DB_URL',
};

/** How a side is called in a sentence. */
export const sideTitle: Record<DatabaseSide, string> = {
  source: 'the source database',
  target: 'the Supabase database',
};

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

function invalid(side: DatabaseSide, reason: string, hint: string): AppError {
  return new AppError('SETTING_INVALID', `${urlSetting[side]} ${reason}.`, {
    hint,
    details: { setting: urlSetting[side] },
  });
}

function parseUrl(side: DatabaseSide, text: string): URL {
  const shape = 'Write it as postgresql://user:password@host:5432/database.';
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw invalid(
      side,
      'is not a connection URL',
      `${shape} Special characters in the password are percent-encoded.`,
    );
  }
  if (url.protocol !== 'postgresql:' && url.protocol !== 'postgres:') {
    throw invalid(side, 'does not begin with postgresql://', shape);
  }
  if (url.hostname === '') throw invalid(side, 'names no host', shape);
  if (url.username === '') throw invalid(side, 'names no user', shape);
  return url;
}

function decode(side: DatabaseSide, text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid(side, 'holds a % that encodes nothing', 'Write a literal % as %25.');
  }
}

function tlsMode(side: DatabaseSide, host: string, mode: string | null): 'verify' | 'off' {
  switch (mode) {
    case null:
    case 'prefer':
    case 'allow':
      return isLoopback(host) ? 'off' : 'verify';
    case 'disable':
      if (side === 'target' && !isLoopback(host)) {
        throw invalid(side, 'switches TLS off', 'Remove sslmode=disable: Supabase is reached with TLS only.');
      }
      return 'off';
    case 'require':
    case 'verify-ca':
    case 'verify-full':
      return 'verify';
    default:
      throw invalid(
        side,
        'has an sslmode that does not exist',
        'Use sslmode=require, or disable on a trusted network.',
      );
  }
}

/**
 * Parses a connection URL. TLS is always verified where it is used; without an `sslmode` only loopback goes without.
 * Throws `SETTING_INVALID`, or `SUPABASE_TRANSACTION_POOLER` for a pooler port that keeps no session.
 */
export function parseConnectionUrl(side: DatabaseSide, text: string): ConnectionConfig {
  const url = parseUrl(side, text);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = url.port === '' ? 5432 : Number(url.port);
  // The shared pooler, and a project's own one beside its database.
  if (port === 6543 && /\.supabase\.com?$/.test(host)) {
    throw new AppError(
      'SUPABASE_TRANSACTION_POOLER',
      `${urlSetting[side]} leads to the transaction pooler (port 6543).`,
      {
        hint: 'Use the same host and user with port 5432: the session pooler, or the database itself.',
      },
    );
  }
  const user = decode(side, url.username);
  // From the text: the URL class would resolve the path of a database called "." or "..".
  const path = /^[a-z]+:\/\/[^/?#]*\/([^?#]*)/i.exec(text.trim())?.[1] ?? '';
  const rootCertificate = url.searchParams.get('sslrootcert');
  let ca: string | undefined;
  if (rootCertificate !== null && rootCertificate !== 'system') {
    try {
      ca = readFileSync(rootCertificate, 'utf8');
    } catch {
      throw invalid(
        side,
        'names an sslrootcert that can not be read',
        'Give the path of a PEM file on this machine.',
      );
    }
  }
  return {
    side,
    host,
    port,
    user,
    password: decode(side, url.password),
    database: path === '' ? user : decode(side, path),
    tls: tlsMode(side, host, url.searchParams.get('sslmode')),
    ...(ca === undefined ? {} : { ca }),
  };
}

/** How a connection reaches its database, as far as its address tells. */
export function connectionKind({ host }: Pick<ConnectionConfig, 'host'>): ConnectionKind {
  if (host.endsWith('.pooler.supabase.com')) return 'supabase-session-pooler';
  return /^db\.[a-z0-9]+\.supabase\.co$/.test(host) ? 'supabase-direct' : 'server';
}
