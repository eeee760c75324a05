import { z } from 'zod';
import { callAuth, projectUrl } from '../../../adapters/supabase/auth-client';
import { callPlatform, projectRef } from '../../../adapters/supabase/platform-client';
import type { Settings } from '../../../ports/settings';
import { AppError } from '#shared/model/errors';
import type { Finding } from '#shared/model/health';
import { type CheckDefinition, finding } from '../check';

const auth = { id: 'supabase-auth', title: 'Supabase Auth', group: 'supabase' } as const;
const platform = { id: 'supabase-platform', title: 'Supabase platform', group: 'supabase' } as const;

const healthSchema = z.object({ name: z.string(), version: z.string().default('unknown') });
const settingsSchema = z.object({
  disable_signup: z.boolean(),
  mailer_autoconfirm: z.boolean().default(false),
});
const keysSchema = z.object({
  keys: z.array(z.object({ kid: z.string().optional(), alg: z.string().optional() })),
});
const sessionSchema = z.object({ access_token: z.string() });

/** Whether Auth answers, publishes its keys, and lets a canary user in when there is one. */
export function authChecks(settings: Settings, slowMs: number): CheckDefinition[] {
  const host = new URL(projectUrl(settings)).hostname;
  const call = async (path: string, signal: AbortSignal) => {
    const key = 'SUPABASE_SECRET_KEY' as const;
    return (await callAuth(settings, { method: 'GET', path, key, signal })).body;
  };
  const checks: CheckDefinition[] = [
    {
      id: 'supabase-auth.health',
      title: 'Health',
      service: auth,
      host,
      slowMs,
      intervalMs: 30_000,
      timeoutMs: 12_000,
      run: async (signal) => {
        const { name, version } = parse(healthSchema, await call('/health', signal));
        return { summary: 'Answers', facts: [{ label: name, value: version }], findings: [] };
      },
    },
    {
      id: 'supabase-auth.keys',
      title: 'Settings and signing keys',
      service: auth,
      host,
      dependsOn: 'supabase-auth.health',
      intervalMs: 5 * 60_000,
      timeoutMs: 15_000,
      run: async (signal) => {
        const given = parse(settingsSchema, await call('/settings', signal));
        const { keys } = parse(keysSchema, await call('/.well-known/jwks.json', signal));
        return {
          summary: keys.length === 0 ? 'Shared secret' : `${keys.length} signing keys`,
          facts: [
            { label: 'Sign-up', value: given.disable_signup ? 'closed' : 'open' },
            {
              label: 'Addresses are confirmed',
              value: given.mailer_autoconfirm ? 'by themselves' : 'by mail',
            },
            {
              label: 'Signing keys',
              // Projects with the old shared secret list none.
              value: keys.length === 0 ? 'none listed' : keys.map(({ alg = 'unknown' }) => alg).join(', '),
            },
          ],
          findings: [],
        };
      },
    },
  ];
  const email = settings.get('HEALTH_CANARY_EMAIL');
  const password = settings.get('HEALTH_CANARY_PASSWORD');
  if (email === undefined || password === undefined) return checks;
  const key =
    settings.get('SUPABASE_PUBLISHABLE_KEY') === undefined
      ? 'SUPABASE_SECRET_KEY'
      : 'SUPABASE_PUBLISHABLE_KEY';
  return [
    ...checks,
    {
      id: 'supabase-auth.sign-in',
      title: 'Sign-in of the canary',
      service: auth,
      host,
      dependsOn: 'supabase-auth.health',
      // The service allows 150 sign-ins in five minutes from one address, shared with whoever else signs in from here.
      intervalMs: 5 * 60_000,
      timeoutMs: 15_000,
      run: async (signal) => {
        const { status, body } = await callAuth(settings, {
          method: 'POST',
          path: '/token?grant_type=password',
          key,
          body: { email, password },
          signal,
          accept: [400, 422],
        });
        const findings: Finding[] =
          status < 400 && sessionSchema.safeParse(body).success
            ? []
            : [
                finding(
                  'SIGN_IN_FAILED',
                  'degraded',
                  `The canary user can’t sign in (status ${status}).`,
                  'Check that the account exists, is confirmed and not banned, and that its password in the health settings is right.',
                ),
              ];
        return {
          summary: findings[0]?.message ?? 'Signed in',
          facts: [{ label: 'Status', value: String(status) }],
          findings,
        };
      },
    },
  ];
}

const servicesSchema = z.array(
  z.object({ name: z.string(), status: z.string(), error: z.string().nullish() }),
);
const backupsSchema = z.object({
  pitr_enabled: z.boolean().default(false),
  backups: z.array(z.object({ status: z.string(), inserted_at: z.string() })).default([]),
});
const advisorsSchema = z.object({
  lints: z.array(z.object({ name: z.string(), title: z.string(), level: z.string() })),
});

/** What Supabase itself says of the project: the management API, with an access token. */
export function platformChecks(settings: Settings): CheckDefinition[] {
  const ref = projectRef(settings);
  if (ref === undefined || settings.get('SUPABASE_ACCESS_TOKEN') === undefined) return [];
  const call = (path: string, signal: AbortSignal) =>
    callPlatform(settings, `/projects/${ref}${path}`, signal);
  const common = { service: platform, host: 'api.supabase.com', timeoutMs: 20_000 };
  return [
    {
      ...common,
      id: 'supabase-platform.services',
      title: 'Services',
      // 60 requests a minute are allowed for the whole account.
      intervalMs: 2 * 60_000,
      run: async (signal) => {
        const services = servicesSchema.parse(
          await call(
            '/health?services=auth&services=db&services=pooler&services=rest&services=storage',
            signal,
          ),
        );
        const bad = services.filter(({ status }) => status !== 'ACTIVE_HEALTHY');
        return {
          summary:
            bad.length === 0
              ? `${services.length} services healthy`
              : `${bad.map(({ name }) => name).join(', ')} not healthy`,
          facts: services.map(({ name, status }) => ({ label: name, value: status })),
          findings: bad.map(({ name, status, error }) =>
            finding(
              'PLATFORM_UNHEALTHY',
              status === 'COMING_UP' ? 'degraded' : 'down',
              `Supabase reports ${name} as ${status}${error == null ? '' : `: ${error}`}.`,
              'See the project’s dashboard and status.supabase.com.',
            ),
          ),
        };
      },
    },
    {
      ...common,
      id: 'supabase-platform.backups',
      title: 'Backups',
      intervalMs: 60 * 60_000,
      run: async (signal) => {
        const { pitr_enabled, backups } = backupsSchema.parse(await call('/database/backups', signal));
        const newest = backups
          .filter(({ status }) => status === 'COMPLETED')
          .map(({ inserted_at }) => Date.parse(inserted_at))
          .reduce((a, b) => Math.max(a, b), 0);
        const hours = newest === 0 ? undefined : (Date.now() - newest) / 3_600_000;
        const old = !pitr_enabled && (hours === undefined || hours > 36);
        const age = hours === undefined ? 'none' : `${Math.round(hours)} h old`;
        return {
          summary: pitr_enabled ? 'Point in time' : `Newest ${age}`,
          reading: pitr_enabled ? 'PITR' : age,
          facts: [
            { label: 'Kind', value: pitr_enabled ? 'point in time' : 'daily' },
            { label: 'Newest', value: age },
          ],
          findings: old
            ? [
                finding(
                  'BACKUP_OLD',
                  'degraded',
                  hours === undefined
                    ? 'The project has no backup.'
                    : `The newest backup is ${Math.round(hours)} hours old.`,
                  'Daily backups need a paid plan: check the plan, or make dumps of your own.',
                ),
              ]
            : [],
        };
      },
    },
    advisor(call, common, 'security'),
    advisor(call, common, 'performance'),
  ];
}

/** What Supabase itself finds wrong with the schema. */
function advisor(
  call: (path: string, signal: AbortSignal) => Promise<unknown>,
  common: Pick<CheckDefinition, 'service' | 'timeoutMs'> & { host: string },
  kind: 'security' | 'performance',
): CheckDefinition {
  return {
    ...common,
    id: kind === 'security' ? 'supabase-platform.advisors' : 'supabase-platform.performance',
    title: kind === 'security' ? 'Security advisors' : 'Performance advisors',
    intervalMs: 60 * 60_000,
    run: async (signal) => {
      const { lints } = advisorsSchema.parse(await call(`/advisors/${kind}`, signal));
      const errors = lints.filter(({ level }) => level === 'ERROR');
      return {
        summary: `${lints.length} advices, ${errors.length} errors`,
        facts: lints.slice(0, 20).map(({ title, level }) => ({ label: title, value: level })),
        findings:
          errors.length === 0
            ? []
            : [
                finding(
                  'ADVISOR_WARNS',
                  'degraded',
                  `The ${kind} advisor reports: ${[...new Set(errors.map(({ title }) => title))].join(', ')}.`,
                  'Open Advisors in the project’s dashboard; each entry says what to change.',
                ),
              ],
      };
    },
  };
}

function parse<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new AppError('SUPABASE_AUTH_UNAVAILABLE', 'What answers at SUPABASE_URL is not the Auth service.', {
    hint: 'Check SUPABASE_URL. A paused project answers like this too.',
  });
}
