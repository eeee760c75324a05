import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { AppError } from '#shared/model/errors';
import { strictHeaders } from '#shared/page/page-policy';
import type { Core } from '../../core/core';
import { metricsText } from '../../core/services/health/metrics-text';

export const metricsPath = '/metrics';

/** What a scraper reads, and the bearer token that lets it; without one only a browser of the session reads. */
export interface Metrics {
  token?: string;
  text: () => Promise<string>;
}

const shortestToken = 16;

/** The metrics of live health. Throws `SETTING_INVALID` for a token that is too short to be one. */
export function coreMetrics(
  core: { health: Pick<Core['health'], 'overview'> },
  env: Readonly<Record<string, string | undefined>>,
): Metrics {
  const token = env.CUTOVER_METRICS_TOKEN ?? '';
  if (token !== '' && token.length < shortestToken) {
    throw new AppError('SETTING_INVALID', 'CUTOVER_METRICS_TOKEN is too short to keep others out.', {
      hint: `Use at least ${shortestToken} characters, as from: openssl rand -hex 24`,
    });
  }
  return {
    ...(token === '' ? {} : { token }),
    text: async () => metricsText(await core.health.overview()),
  };
}

const digest = (text: string) => createHash('sha256').update(text).digest();

/** Whether a request brings the token. Digests have one length, so the comparison takes the same time whatever was sent. */
export function mayScrape({ token }: Metrics, request: IncomingMessage): boolean {
  const [, sent] = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '') ?? [];
  return token !== undefined && sent !== undefined && timingSafeEqual(digest(token), digest(sent));
}

/** Answers with the metrics; 503 while no workspace is open. */
export async function sendMetrics(response: ServerResponse, metrics: Metrics): Promise<void> {
  const text = await metrics.text().catch(() => undefined);
  response.writeHead(text === undefined ? 503 : 200, {
    ...strictHeaders,
    'content-type': 'text/plain; version=0.0.4; charset=utf-8',
    'cache-control': 'no-store',
  });
  response.end(text ?? '');
}
