import { AppError } from '#shared/model/errors';
import type { Settings } from '../../ports/settings';
import type { SshAuthentication } from './ssh-connect';
import type { CommandResult, SshSession } from './ssh-session';

export interface SshSecrets {
  /** Opens a protected key file. */
  keyPassphrase: string | undefined;
  /** Socket of the SSH agent; used when no key file is set. */
  agent: string | undefined;
}

/** Signs in to the Easypanel host that the settings name. Throws what {@link openSshSession} does, and `SETTING_MISSING`. */
export async function openHostSession(
  settings: Settings,
  secrets: SshSecrets,
  signal: AbortSignal,
): Promise<SshSession> {
  // The client takes a while to load, which every start would pay for.
  const { openSshSession } = await import('./ssh-connect');
  return openSshSession(
    {
      host: settings.require('EASYPANEL_SSH_HOST'),
      port: Number(settings.get('EASYPANEL_SSH_PORT') ?? '22'),
      username: settings.require('EASYPANEL_SSH_USER'),
      hostKey: settings.get('EASYPANEL_SSH_HOST_KEY'),
      authentication: await authenticationOf(settings, secrets),
    },
    signal,
  );
}

export interface SharedHostSession {
  /** Runs a command over one connection for all callers, which is made when it is needed and made again after it broke. */
  execute(command: string, signal: AbortSignal): Promise<CommandResult>;
  close(): void;
}

/** One connection for many short commands. */
export function shareHostSession(settings: Settings, secrets: SshSecrets): SharedHostSession {
  let opening: Promise<SshSession> | undefined;
  const drop = (session: Promise<SshSession>): void => {
    if (opening === session) opening = undefined;
    void session.then(
      (open) => open.close(),
      () => undefined,
    );
  };
  return {
    async execute(command, signal) {
      // The connection is for all, so one caller's abort must not end its opening; it has a time limit of its own.
      opening ??= openHostSession(settings, secrets, new AbortController().signal);
      const session = opening;
      try {
        return await (await session).execute(command, signal);
      } catch (error) {
        drop(session);
        throw error;
      }
    },
    close() {
      if (opening !== undefined) drop(opening);
    },
  };
}

async function authenticationOf(settings: Settings, secrets: SshSecrets): Promise<SshAuthentication> {
  const file = settings.get('EASYPANEL_SSH_KEY_FILE');
  if (file !== undefined) {
    const { readPrivateKey } = await import('./private-key');
    const privateKey = await readPrivateKey(file, secrets.keyPassphrase);
    return { privateKey, passphrase: secrets.keyPassphrase };
  }
  const password = settings.get('EASYPANEL_SSH_PASSWORD');
  if (password !== undefined) return { password };
  if (secrets.agent !== undefined && secrets.agent !== '') return { agent: secrets.agent };
  throw new AppError('SETTING_MISSING', 'EASYPANEL_SSH_KEY_FILE is not set, and no SSH agent is running.', {
    hint: 'Set it to a private key file, start an SSH agent that holds the key, or set EASYPANEL_SSH_PASSWORD.',
    details: { setting: 'EASYPANEL_SSH_KEY_FILE' },
  });
}
