import type { End } from '#shared/model/settings';
import { testSourceDatabase, testTargetDatabase } from '../../adapters/postgres/connection-test';
import { testR2, testSourceObjects } from '../../adapters/s3/connection-test';
import { sshTester } from '../../adapters/ssh/connection-test';
import { testSupabase } from '../../adapters/supabase/connection-test';
import type { ConnectionTester } from './connections-service';

/** The test of each end. `env` may hold the passphrase of the SSH key and the address of the SSH agent. */
export function connectionTesters(
  env: Readonly<Record<string, string | undefined>>,
): Record<End, ConnectionTester> {
  return {
    sourceDatabase: testSourceDatabase,
    sourceObjects: testSourceObjects,
    supabase: both(testSupabase, testTargetDatabase),
    r2: testR2,
    easypanel: sshTester({ keyPassphrase: env.CUTOVER_SSH_KEY_PASSPHRASE, agent: env.SSH_AUTH_SOCK }),
  };
}

/** Both tests as one: it is good when both are, and shows the first failure. */
function both(first: ConnectionTester, second: ConnectionTester): ConnectionTester {
  return async (settings, signal) => {
    const [a, b] = await Promise.all([first(settings, signal), second(settings, signal)]);
    const failed = a.ok ? b : a;
    return {
      ok: a.ok && b.ok,
      facts: [...a.facts, ...b.facts],
      warnings: [...a.warnings, ...b.warnings],
      ...(failed.error === undefined ? {} : { error: failed.error }),
      ...(failed.setting === undefined ? {} : { setting: failed.setting }),
    };
  };
}
