import { Client } from 'pg';
import { openAuthPort } from '#core/adapters/supabase/open';
import { openDatabasePorts } from '#core/adapters/postgres/open';
import { usersStep } from '#core/steps/users/users-step';
import { startLegacyPostgres } from '../../practice/postgres/legacy-postgres';
import { startManagedPostgres } from '../../practice/postgres/managed-postgres';
import { startSupabaseServer } from '../../practice/supabase-server';
import { MemoryStep, newDatabase, settingsOf } from '../../tests/integration/database-fixture';
import { seedMessyUsers } from '../../tests/support/messy-users';

/** So many messy users, planned, imported and verified over SQL, next to a bare COPY of the same rows. */
export async function measureImport(count: number): Promise<void> {
  const [legacy, managed] = await Promise.all([startLegacyPostgres(), startManagedPostgres()]);
  const supabase = await startSupabaseServer({
    authUrl: managed.authUrl,
    restUrl: managed.restUrl,
    rateLimits: false,
  });
  const source = await newDatabase(legacy.server);
  const client = new Client({ connectionString: source.url });
  await client.connect();
  await seedMessyUsers(client, count);
  await client.end();

  const settings = settingsOf({
    SOURCE_DATABASE_URL: source.url,
    SUPABASE_DB_URL: managed.url,
    SUPABASE_URL: supabase.url,
    SUPABASE_SECRET_KEY: supabase.secretKey,
    SUPABASE_PUBLISHABLE_KEY: supabase.publishableKey,
  });
  const ports = { database: openDatabasePorts(settings), auth: openAuthPort(settings) };
  const step = new MemoryStep(usersStep, ports);
  const figures: [string, number][] = [];
  async function timed<T>(name: string, work: () => Promise<T>): Promise<T> {
    const begun = performance.now();
    const result = await work();
    figures.push([name, (performance.now() - begun) / 1000]);
    return result;
  }

  /** The rows of the users table as they are, from one server to the other: the least that any import has to do. */
  async function copyPlainly(): Promise<void> {
    const { signal } = new AbortController();
    await ports.database.source.use(signal, (from) =>
      ports.database.target.use(signal, async (to) => {
        await to.execute(
          `create table public.peer (id bigint, login_email text, pw text, mobile text, is_active boolean, email_verified_at timestamptz,
             role text, created_at timestamptz, last_login_at timestamptz)`,
        );
        await ports.database.copy({
          source: from,
          copyOut: 'copy public.members to stdout',
          target: to,
          copyIn: 'copy public.peer from stdin',
          signal,
          onBytes: () => undefined,
        });
      }),
    );
  }

  try {
    const cpu = process.cpuUsage();
    const plan = await timed('plan', () => step.plan());
    await timed('check', () => step.check(plan));
    await timed('import', () => step.run(plan));
    const evidence = await timed('verify', () => step.verify(plan));
    const again = new MemoryStep(usersStep, ports);
    await timed('import again', () => again.run(plan));
    await timed('peer: COPY of the same rows, no index, no check', copyPlainly);
    const total = figures
      .filter(([name]) => ['plan', 'check', 'import', 'verify'].includes(name))
      .reduce((sum, [, s]) => sum + s, 0);
    const { user, system } = process.cpuUsage(cpu);
    console.log(`${count} users; ${JSON.stringify(step.output)}`);
    for (const [name, seconds] of figures) console.log(`${name.padEnd(42)} ${seconds.toFixed(2)} s`);
    console.log(`${'plan, check, import and verify'.padEnd(42)} ${total.toFixed(2)} s`);
    console.log(
      `${'processor time of this process, all told'.padEnd(42)} ${((user + system) / 1e6).toFixed(2)} s`,
    );
    for (const item of evidence)
      console.log(
        `${item.equal ? 'equal ' : 'DIFFERS'} ${item.subject}: ${item.source} / ${item.target} ${item.note ?? ''}`,
      );
  } finally {
    await ports.database.close();
    await supabase.close();
    await Promise.all([legacy.stop(), managed.stop()]);
  }
}
