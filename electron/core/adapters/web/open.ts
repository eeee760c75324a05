import { Agent } from 'undici';
import { AppError, toAppError } from '#shared/model/errors';
import type { LinkPorts } from '../../ports/links';
import type { Settings } from '../../ports/settings';
import { linkSettings } from './link-settings';

/** Milliseconds. */
const patience = 10_000;

/** Requests to public addresses, without a key and without following a redirect. Nothing is connected before the first. */
export function openLinkPorts(settings: Settings): LinkPorts & { close(): Promise<void> } {
  let agent: Agent | undefined;
  return {
    settings: () => linkSettings(settings),
    request: async (url, { method, headers }, signal) => {
      agent ??= new Agent({ connections: 16, connect: { timeout: patience }, headersTimeout: patience });
      const { origin, pathname, search } = new URL(url);
      try {
        const answer = await agent.request({
          origin,
          // As written: a URL object folds nothing here that the check would not want folded.
          path: `${pathname}${search}`,
          method,
          headers: { 'user-agent': 'cutover', ...headers },
          signal,
        });
        await answer.body.dump().catch(() => undefined);
        return {
          status: answer.statusCode,
          headers: Object.fromEntries(
            Object.entries(answer.headers).flatMap(([name, value]) =>
              value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]],
            ),
          ),
        };
      } catch (error) {
        if (signal.aborted) throw toAppError(signal.reason);
        throw silence(origin, error);
      }
    },
    close: async () => {
      await agent?.destroy();
    },
  };
}

function silence(origin: string, error: unknown): AppError {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
  const options = { details: { address: origin, reason: code }, cause: error };
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new AppError('HOST_NOT_FOUND', `There is no host ${origin}.`, {
        ...options,
        hint: 'Check the public address, and that its DNS record is there.',
      });
    case 'ECONNREFUSED':
      return new AppError('CONNECTION_REFUSED', `Nothing listens at ${origin}.`, {
        ...options,
        hint: 'Check the public address.',
      });
    default:
      return code.includes('CERT') || code.includes('TLS')
        ? new AppError('TLS_UNTRUSTED', `The certificate of ${origin} is not trusted.`, {
            ...options,
            hint: 'A custom domain needs a few minutes after it was connected.',
          })
        : new AppError('HOST_UNREACHABLE', `${origin} does not answer.`, {
            ...options,
            hint: 'Check the public address and the network between.',
            retryable: true,
          });
  }
}
