/** The parts of a PostgreSQL URL that may be shown, and the password that must not. */
export interface ConnectionUrl {
  host: string;
  port: number;
  database: string;
  user: string;
  /** As it stands in the URL. */
  rawPassword: string;
}

/** Decodes percent escapes where they are whole, and leaves the rest as it is. */
export function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Parses `postgresql://user:password@host:port/database?…`; undefined when it is not of that form. */
export function parseConnectionUrl(text: string): ConnectionUrl | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (url.protocol !== 'postgresql:' && url.protocol !== 'postgres:') return undefined;
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? 5432 : Number(url.port),
    database: percentDecoded(url.pathname.replace(/^\//, '')),
    user: percentDecoded(url.username),
    rawPassword: url.password,
  };
}

/** Where a PostgreSQL URL points, without user and password: `db.internal:5432/shop`. */
export function describeConnectionUrl(text: string): string | undefined {
  const url = parseConnectionUrl(text);
  if (url === undefined) return undefined;
  const host = url.host.includes(':') ? `[${url.host}]` : url.host;
  return `${host}:${url.port}${url.database === '' ? '' : `/${url.database}`}`;
}
