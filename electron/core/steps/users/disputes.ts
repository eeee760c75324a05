import type { Dispute } from '#shared/model/users-report';
import { z } from 'zod';
import type { DatabaseSession } from '../../ports/database';
import { mask } from './samples';
import { allUsersSql, type ResolvedMapping } from './source-sql';
import type { UserException } from './source-users';

const disputedRow = z.object({
  ref: z.string(),
  email: z.string().nullable(),
  phone: z.string().nullable(),
  last: z.string().nullable(),
  created: z.string().nullable(),
  inactive: z.boolean(),
});

const reasons: Record<NonNullable<UserException['why']>, string> = {
  chosen: 'chosen in the mapping',
  active: 'the other one is not active',
  'signed in last': 'signed in last',
  newest: 'was made last',
  'highest id': 'has the highest id',
};

/** The first disputes over an address or a number, each with everybody who is part of it. */
export async function readDisputes(
  session: DatabaseSession,
  mapping: ResolvedMapping,
  exceptions: readonly UserException[],
  limit: number,
): Promise<Dispute[]> {
  const losers = new Map<string, UserException[]>();
  for (const one of exceptions) {
    if (one.winner !== undefined) losers.set(one.winner, [...(losers.get(one.winner) ?? []), one]);
  }
  const shown = [...losers].slice(0, limit);
  if (shown.length === 0) return [];
  const refs = shown.flatMap(([winner, others]) => [
    winner,
    ...others.map((one) => `${one.source}:${one.key}`),
  ]);
  const rows = await session.query(
    disputedRow,
    `select source || ':' || key as ref, raw_email as email, raw_phone as phone, last_sign_in_at::text as last, created_at::text as created, inactive
     from (${allUsersSql(mapping)}) u where source || ':' || key = any ($1::text[])`,
    [refs],
  );
  const users = new Map(
    rows.map((row) => [
      row.ref,
      {
        ref: row.ref,
        address: mask(row.email ?? row.phone ?? ''),
        lastSignIn: row.last?.slice(0, 16) ?? '',
        createdAt: row.created?.slice(0, 10) ?? '',
        inactive: row.inactive,
      },
    ]),
  );
  return shown.flatMap(([winner, others]) => {
    const keep = users.get(winner);
    const why = others[0]?.why;
    if (keep === undefined || why === undefined) return [];
    return [
      {
        keep,
        why: reasons[why],
        others: others.flatMap((one) => users.get(`${one.source}:${one.key}`) ?? []),
      },
    ];
  });
}
