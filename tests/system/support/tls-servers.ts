import { execFileSync } from 'node:child_process';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startEmbeddedServer, type EmbeddedServer } from '../../../practice/postgres/embedded-server';
import { serverAccount } from '../../../practice/postgres/server-account';

/** A source and a target server that speak TLS to whoever asks for it, with a certificate for 127.0.0.1 that no system trusts. */
export interface TlsServers {
  readonly old: EmbeddedServer;
  readonly fresh: EmbeddedServer;
  /** The URL with TLS, the certificate verified against its own. */
  readonly overTls: (url: string) => string;
  readonly stop: () => Promise<void>;
}

export async function startTlsServers(): Promise<TlsServers> {
  const folder = await mkdtemp(path.join(tmpdir(), 'cutover-database-tls-'));
  const [key, certificate] = [path.join(folder, 'key.pem'), path.join(folder, 'cert.pem')];
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
      ...['-days', '2', '-subj', '/CN=databases', '-addext', 'subjectAltName=IP:127.0.0.1'],
      ...['-keyout', key, '-out', certificate],
    ],
    { stdio: 'ignore' },
  );
  const account = await serverAccount();
  // A server reads a key only when it belongs to its own account.
  for (const file of account === undefined ? [] : [folder, key, certificate])
    await chown(file, account?.uid ?? 0, account?.gid ?? 0);
  const settings = { ssl: 'on', ssl_key_file: key, ssl_cert_file: certificate };
  const [old, fresh] = await Promise.all([
    startEmbeddedServer({ version: 15, superuser: 'postgres', settings }),
    startEmbeddedServer({ version: 17, superuser: 'postgres', settings }),
  ]);
  return {
    old,
    fresh,
    overTls: (url) => `${url}?sslmode=verify-full&sslrootcert=${certificate}`,
    stop: async () => {
      await Promise.all([old.stop(), fresh.stop()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
