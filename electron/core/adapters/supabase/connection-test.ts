import type { ConnectionTest } from '#shared/contract/connections';
import { toAppError } from '#shared/model/errors';
import { settingNameSchema } from '#shared/model/settings';
import type { Settings } from '../../ports/settings';
import { projectUrl } from './auth-client';
import { openAuthPort } from './open';

/** Calls the Auth service with the secret key. A failure is the result, not an exception. */
export async function testSupabase(
  settings: Settings,
  signal: AbortSignal,
): Promise<Omit<ConnectionTest, 'end' | 'at' | 'latencyMs'>> {
  const auth = openAuthPort(settings);
  try {
    const { name, version } = await auth.health(signal);
    const users = await auth.countUsers(signal);
    return {
      ok: true,
      facts: [
        { label: 'Project', value: projectUrl(settings) },
        { label: 'Auth service', value: `${name} ${version}` },
        { label: 'Users', value: String(users) },
      ],
      warnings: [],
    };
  } catch (error) {
    const failure = toAppError(error);
    const named = settingNameSchema.safeParse(failure.details?.setting);
    return {
      ok: false,
      facts: [],
      warnings: [],
      error: failure.toShape(),
      setting: named.success
        ? named.data
        : failure.code === 'SUPABASE_KEY_REFUSED'
          ? 'SUPABASE_SECRET_KEY'
          : 'SUPABASE_URL',
    };
  } finally {
    await auth.close();
  }
}
