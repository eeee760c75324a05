import type { Evidence } from '#shared/model/run';
import { z } from 'zod';
import type { AuthPort } from '../../ports/auth';
import type { DatabaseSession } from '../../ports/database';
import { countAuthUsers } from './auth-tables';
import { mapTable } from './user-map';

const sampleSize = 5;

const sampleRow = z.object({ id: z.string(), email: z.string(), phone: z.string() });

/** Whether the Auth service itself lists what SQL wrote: how many users there are, and some of them one by one. */
export async function sampleThroughApi(
  target: DatabaseSession,
  auth: AuthPort,
  signal: AbortSignal,
): Promise<Evidence[]> {
  const rows = await countAuthUsers(target);
  const byApi = await auth.countUsers(signal);
  const sample = await target.query(
    sampleRow,
    `select a.id::text as id, coalesce(a.email, '') as email, coalesce(a.phone, '') as phone
     from ${mapTable} m join auth.users a on a.id = m.user_id order by m.user_id limit ${sampleSize}`,
  );
  let equal = 0;
  for (const user of sample) {
    const found = await auth.findUser(user.id, signal);
    if (found?.email === user.email && found.phone === user.phone) equal += 1;
  }
  return [
    {
      subject: 'Auth service',
      method: 'users that the admin API counts, and users in its tables',
      source: `${rows} in auth.users`,
      target: `${byApi} listed`,
      equal: rows === byApi,
    },
    {
      subject: 'Auth service, single users',
      method: 'some imported users, asked of the admin API',
      source: String(sample.length),
      target: `${equal} equal`,
      equal: equal === sample.length,
    },
  ];
}
