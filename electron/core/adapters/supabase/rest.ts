import { z } from 'zod';
import packageJson from '../../../../package.json' with { type: 'json' };
import type { RestPort } from '../../ports/rest';
import type { Settings } from '../../ports/settings';
import { projectUrl } from './auth-client';
import { classifyFetchError, classifyResponse } from './classify';

/** Milliseconds that one answer may take. */
const answerTimeout = 15_000;
/** What PostgreSQL and the interface answer when a role may not read a table, or when it is not served. */
const refusals: ReadonlySet<string> = new Set(['42501', '42P01', 'PGRST205', 'PGRST106']);

const rowsSchema = z.array(z.unknown());
const errorSchema = z.object({ code: z.string() });

/** The REST interface that the settings name; nothing is called before it is needed. Throws `SETTING_MISSING` without a publishable key. */
export function openRestPort(settings: Settings): RestPort {
  return {
    async ask({ schema, name }, signal) {
      const base = projectUrl(settings);
      const key = settings.require('SUPABASE_PUBLISHABLE_KEY');
      const failure = { url: base, key: 'SUPABASE_PUBLISHABLE_KEY', signal } as const;
      try {
        const response = await fetch(`${base}/rest/v1/${encodeURIComponent(name)}?select=*&limit=1`, {
          headers: {
            apikey: key,
            authorization: `Bearer ${key}`,
            'accept-profile': schema,
            'user-agent': `cutover/${packageJson.version}`,
            accept: 'application/json',
          },
          signal: AbortSignal.any([signal, AbortSignal.timeout(answerTimeout)]),
          redirect: 'error',
        });
        const { status } = response;
        const body: unknown = await response.json().catch(() => undefined);
        if (status < 400) {
          const rows = rowsSchema.safeParse(body);
          if (!rows.success) return { status, answer: 'failed' };
          return { status, answer: rows.data.length > 0 ? 'rows' : 'empty' };
        }
        const said = errorSchema.safeParse(body);
        if (said.success && refusals.has(said.data.code)) return { status, answer: 'refused' };
        if (status === 401 || status === 403 || status === 429)
          throw classifyResponse(status, body, failure, response.headers.get('retry-after'));
        return { status, answer: 'failed' };
      } catch (error) {
        throw classifyFetchError(error, failure);
      }
    },
  };
}
