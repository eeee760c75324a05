import ssh2, { type Client, type ConnectConfig, type ServerHostKeyAlgorithm } from 'ssh2';
import { AppError } from '#shared/model/errors';
import { classifySshError, hostKeyChanged, hostKeyUnknown, type SshAddress } from './classify';
import { fingerprintOf, hostKeyFamilies } from './host-key';
import { sessionOf, type SshSession } from './ssh-session';

/** Time for TCP, handshake and sign-in together. */
const readyLimitMs = 12_000;

export type SshAuthentication =
  { privateKey: Buffer; passphrase?: string | undefined } | { agent: string } | { password: string };

export interface SshTarget extends SshAddress {
  /** The pinned fingerprint, `SHA256:…`. Without one no connection is made: the failure tells the fingerprint. */
  hostKey: string | undefined;
  authentication: SshAuthentication;
}

/**
 * Connects to a host whose key is the pinned one; nothing is authenticated before that is known. Throws `SSH_HOST_KEY_UNKNOWN`,
 * `SSH_HOST_KEY_CHANGED`, `SSH_AUTH_FAILED`, the network's codes and `SSH_FAILED`.
 */
export async function openSshSession(target: SshTarget, signal: AbortSignal): Promise<SshSession> {
  let offered: string | undefined;
  for (const algorithms of [undefined, ...hostKeyFamilies]) {
    const attempt = await connect(target, algorithms, signal);
    if (attempt.state === 'open') return sessionOf(attempt.client, target);
    if (attempt.state === 'failed') {
      // Only the first attempt speaks for the host: it may have no key of the further kinds.
      if (offered === undefined) throw attempt.error;
      continue;
    }
    if (target.hostKey === undefined) throw hostKeyUnknown(target, attempt.fingerprint);
    offered ??= attempt.fingerprint;
  }
  throw hostKeyChanged(target, target.hostKey ?? '', offered ?? '');
}

type Attempt =
  | { state: 'open'; client: Client }
  | { state: 'other-key'; fingerprint: string }
  | { state: 'failed'; error: AppError };

function connect(
  target: SshTarget,
  algorithms: readonly ServerHostKeyAlgorithm[] | undefined,
  signal: AbortSignal,
): Promise<Attempt> {
  return new Promise((resolve, reject) => {
    const cancelled = () => new AppError('CANCELLED', 'The SSH connection was cancelled.');
    if (signal.aborted) {
      reject(cancelled());
      return;
    }
    const client = new ssh2.Client();
    let refused: string | undefined;
    const onAbort = () => {
      client.destroy();
      reject(cancelled());
    };
    signal.addEventListener('abort', onAbort, { once: true });
    const settle = (attempt: Attempt) => {
      signal.removeEventListener('abort', onAbort);
      if (attempt.state !== 'open') client.destroy();
      resolve(attempt);
    };
    client.on('ready', () => settle({ state: 'open', client }));
    client.on('close', () =>
      settle({ state: 'failed', error: classifySshError(new Error('closed'), target) }),
    );
    // Stays for the life of the client: an error without a listener would end the process.
    client.on('error', (error) => {
      settle(
        refused === undefined
          ? { state: 'failed', error: classifySshError(error, target) }
          : { state: 'other-key', fingerprint: refused },
      );
    });
    // Servers with PAM ask for the password as a question of theirs.
    const { authentication } = target;
    if ('password' in authentication) {
      client.on('keyboard-interactive', (_name, _instructions, _language, prompts, answer) =>
        answer(prompts.map(() => authentication.password)),
      );
    }
    client.connect({
      host: target.host,
      port: target.port,
      username: target.username,
      ...authenticationOf(target.authentication),
      ...(algorithms === undefined ? {} : { algorithms: { serverHostKey: [...algorithms] } }),
      readyTimeout: readyLimitMs,
      keepaliveInterval: 1000,
      keepaliveCountMax: 3,
      hostVerifier: (key: Buffer) => {
        const fingerprint = fingerprintOf(key);
        if (fingerprint === target.hostKey) return true;
        refused = fingerprint;
        return false;
      },
    });
  });
}

function authenticationOf(authentication: SshAuthentication): ConnectConfig {
  if ('agent' in authentication) return { agent: authentication.agent };
  if ('password' in authentication) return { password: authentication.password, tryKeyboard: true };
  const { privateKey, passphrase } = authentication;
  return { privateKey, ...(passphrase === undefined ? {} : { passphrase }) };
}
