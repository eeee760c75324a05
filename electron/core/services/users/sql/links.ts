import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { DatabaseSession } from '../../../ports/database';
import type { LinkRequest } from '../../../ports/users';
import { createUser } from './create';
import { nilUuid, userNotFound } from './rows';

const idRow = z.object({ id: z.string() });

const columnsOf = {
  recovery: { token: 'recovery_token', sentAt: 'recovery_sent_at' },
  // The service keeps both under one name.
  magiclink: { token: 'recovery_token', sentAt: 'recovery_sent_at' },
  invite: { token: 'confirmation_token', sentAt: 'confirmation_sent_at' },
} as const;

/** Stores a one-time token as the service does, and returns what the link needs. Belongs into a transaction. */
export async function issueToken(
  session: DatabaseSession,
  { email, id: wanted, kind }: Omit<LinkRequest, 'redirectTo'>,
): Promise<string> {
  const [known] = await session.query(
    idRow,
    `select u.id::text as id from auth.users u
     where u.instance_id = '${nilUuid}' and lower(u.email) = lower($1) and not u.is_sso_user and u.id = coalesce($2::uuid, u.id)
     order by u.email = $1 desc, u.email = lower($1) desc, u.id limit 1 for update`,
    [email, wanted ?? null],
  );
  if (known === undefined && kind !== 'invite') throw userNotFound(email);
  const id = known?.id ?? (await createUser(session, { email, confirmed: false }));
  const { token, sentAt } = columnsOf[kind];
  // As long as the service's own, and not made of anything that could be guessed.
  const hash = randomBytes(28).toString('hex');
  await session.execute(
    `update auth.users set ${token} = $2, ${sentAt} = now(), updated_at = now()
       ${kind === 'invite' ? ', invited_at = now()' : ''} where id = $1`,
    [id, hash],
  );
  await session.execute(
    `insert into auth.one_time_tokens (id, user_id, token_type, token_hash, relates_to)
     values (gen_random_uuid(), $1, $2::auth.one_time_token_type, $3, lower($4))
     on conflict (user_id, token_type) do update
       set token_hash = excluded.token_hash, relates_to = excluded.relates_to, created_at = now(), updated_at = now()`,
    [id, token, hash, email],
  );
  return hash;
}
