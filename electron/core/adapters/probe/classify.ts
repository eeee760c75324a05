import { AppError, isCancelled } from '#shared/model/errors';

/** TLS codes of Node that mean that the certificate is not one to trust. */
const untrusted =
  /^(CERT_|DEPTH_ZERO_|SELF_SIGNED|UNABLE_TO_|ERR_TLS_CERT|ERR_SSL|HOSTNAME_MISMATCH|INVALID_CA)/;

/** What the network said when `place` (a host and port, or an address) was tried, as the operator's situation. */
export function classifyNetworkError(error: unknown, place: string): AppError {
  if (error instanceof AppError) return error;
  if (isCancelled(error)) return new AppError('CANCELLED', 'The check was cancelled.');
  const { code, message } = innermost(error);
  const make = (kind: AppError['code'], text: string, hint: string) =>
    new AppError(kind, text, { hint, retryable: true, details: { code: code ?? '', said: message } });
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EAI_NONAME':
    case 'ENODATA':
      return make(
        'HOST_NOT_FOUND',
        `The name of ${place} can’t be resolved.`,
        'Check the DNS records of the name, and the DNS of this machine.',
      );
    case 'ECONNREFUSED':
      return make(
        'CONNECTION_REFUSED',
        `${place} refuses connections.`,
        'Check that the service runs and listens on this port.',
      );
    case 'ECONNRESET':
    case 'EPIPE':
    case 'UND_ERR_SOCKET':
      return make(
        'CONNECTION_LOST',
        `${place} ended the connection before it answered.`,
        'Look at the log of the service: it may be restarting, or a proxy before it has no backend.',
      );
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'ENETDOWN':
    case 'UND_ERR_CONNECT_TIMEOUT':
    case 'UND_ERR_HEADERS_TIMEOUT':
    case 'UND_ERR_BODY_TIMEOUT':
      return make(
        'HOST_UNREACHABLE',
        `${place} can’t be reached.`,
        'Check the address, and that no firewall is between.',
      );
    case undefined:
    default:
      break;
  }
  if (code !== undefined && untrusted.test(code)) {
    return make(
      'TLS_UNTRUSTED',
      `The certificate of ${place} is not trusted (${code}).`,
      'Renew the certificate, or install the whole chain on the server.',
    );
  }
  return make('HOST_UNREACHABLE', `${place} gave no answer: ${message}.`, 'Look at the service itself.');
}

function innermost(error: unknown): { code: string | undefined; message: string } {
  let found: { code: string | undefined; message: string } = { code: undefined, message: String(error) };
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const inner: unknown = at instanceof AggregateError ? at.errors[0] : at;
    if (!(inner instanceof Error)) break;
    const code = 'code' in inner && typeof inner.code === 'string' ? inner.code : undefined;
    if (code !== undefined || found.code === undefined)
      found = { code: code ?? found.code, message: inner.message };
  }
  return found;
}
