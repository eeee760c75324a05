import { once } from 'node:events';
import { checkServerIdentity, connect, type PeerCertificate } from 'node:tls';
import { classifyNetworkError } from './classify';

/** The certificate that a server shows. */
export interface ShownCertificate {
  subject: string;
  issuer: string;
  /** Milliseconds since 1970. */
  validTo: number;
  names: string[];
  /** Why this machine does not trust the chain; absent when it does. An expired one says `CERT_HAS_EXPIRED`. */
  untrusted?: string;
  /** Whether it is made out for the name that was asked. */
  nameFits: boolean;
  /** Milliseconds of connection and handshake. */
  handshakeMs: number;
}

/**
 * Shakes hands and looks at the certificate, also at one that is not valid: nothing is sent over the connection, which is closed at once.
 * Throws the network's codes.
 */
export async function probeCertificate(
  host: string,
  port: number,
  signal: AbortSignal,
  ca?: string,
): Promise<ShownCertificate> {
  const started = performance.now();
  const socket = connect({
    host,
    port,
    ...(/^[\d.]+$|:/.test(host) ? {} : { servername: host }),
    ...(ca === undefined ? {} : { ca }),
    // The verdict is read below; an expired certificate has to be seen to be reported.
    rejectUnauthorized: false,
  });
  const abort = () => socket.destroy(new Error('aborted'));
  signal.addEventListener('abort', abort, { once: true });
  try {
    await once(socket, 'secureConnect');
    const certificate: PeerCertificate = socket.getPeerCertificate();
    const verdict: unknown = socket.authorizationError;
    const reason =
      verdict instanceof Error ? ('code' in verdict ? String(verdict.code) : verdict.message) : verdict;
    return {
      subject: textOf(certificate.subject.CN),
      issuer: textOf(certificate.issuer.O) || textOf(certificate.issuer.CN),
      validTo: Date.parse(certificate.valid_to),
      names: (certificate.subjectaltname ?? '')
        .split(', ')
        .map((name) => name.replace(/^\w+( Address)?:/, '')),
      ...(socket.authorized || typeof reason !== 'string' ? {} : { untrusted: reason }),
      nameFits: checkServerIdentity(host, certificate) === undefined,
      handshakeMs: performance.now() - started,
    };
  } catch (error) {
    throw classifyNetworkError(error, `${host}:${port}`);
  } finally {
    signal.removeEventListener('abort', abort);
    socket.destroy();
  }
}

/** A name may hold several values. */
function textOf(value: string | readonly string[] | undefined): string {
  return value === undefined ? '' : typeof value === 'string' ? value : value.join(', ');
}
