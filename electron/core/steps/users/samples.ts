import type { UserSample } from '#shared/model/users-report';
import { z } from 'zod';
import type { DatabaseSession } from '../../ports/database';
import { allUsersSql, type ResolvedMapping, type ResolvedSource } from './source-sql';

const sampleRow = z.object({
  key: z.string(),
  raw_email: z.string().nullable(),
  raw_phone: z.string().nullable(),
  start: z.string(),
  kind: z.string(),
  accepted: z.boolean(),
  inactive: z.boolean(),
  verified: z.boolean(),
  created_at: z.string().nullable(),
  own: z.record(z.string(), z.unknown()),
  app: z.record(z.string(), z.unknown()),
});

/** The first letter and dots: enough to recognise a kind of value, too little to know the person. */
export function mask(value: unknown): string {
  if (typeof value === 'boolean' || value === null) return String(value);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const [local = '', domain] = text.split('@');
  const first = (part: string): string =>
    part === '' ? '' : `${String.fromCodePoint(part.codePointAt(0) ?? 0)}•••`;
  if (domain === undefined) return first(text);
  return `${first(local)}@${first(domain)}${/[.][a-z]+$/i.exec(domain)?.[0] ?? ''}`;
}

/** A few users of a source, masked. */
export async function readSamples(
  session: DatabaseSession,
  mapping: ResolvedMapping,
  source: ResolvedSource,
  limit: number,
): Promise<UserSample[]> {
  const one = { ...mapping, sources: [source] };
  const rows = await session.query(
    sampleRow,
    `select key, raw_email, raw_phone, coalesce(substring(hash from '^[$][0-9a-z]+[$](?:[0-9]{2}[$])?'), '') as start, kind, accepted,
       inactive, verified, created_at::text as created_at, own, app
     from (${allUsersSql(one)}) u limit ${limit}`,
  );
  const masked = (values: Readonly<Record<string, unknown>>): Record<string, string> =>
    Object.fromEntries(Object.entries(values).map(([key, value]) => [key, mask(value)]));
  return rows.map((row) => ({
    id: row.key,
    email: mask(row.raw_email ?? ''),
    phone: row.raw_phone === null ? '' : `•••${row.raw_phone.slice(-2)}`,
    password: row.start === '' ? row.kind : `${row.start}•••`,
    inactive: row.inactive,
    verified: row.verified,
    createdAt: row.created_at?.slice(0, 10) ?? '',
    userMetadata: masked(row.own),
    appMetadata: masked(row.app),
  }));
}
