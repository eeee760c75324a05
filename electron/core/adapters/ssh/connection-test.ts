import { settingNameSchema } from '#shared/model/settings';
import type { ConnectionTest } from '#shared/contract/connections';
import { AppError, isCancelled, toErrorShape } from '#shared/model/errors';
import type { Settings } from '../../ports/settings';
import { readPrivateKey } from './private-key';
import { openSshSession, type SshAuthentication, type SshSession } from './ssh-session';

type Outcome = Omit<ConnectionTest, 'end' | 'at' | 'latencyMs'>;

export interface SshSecrets {
  /** Opens a protected key file. */
  keyPassphrase: string | undefined;
  /** Socket of the SSH agent; used when no key file is set. */
  agent: string | undefined;
}

/** The test of the Easypanel host: signs in and asks what the host is. Changes nothing there. */
export function sshTester(
  secrets: SshSecrets,
): (settings: Settings, signal: AbortSignal) => Promise<Outcome> {
  return async (settings, signal) => {
    try {
      return await testHost(settings, secrets, signal);
    } catch (error) {
      if (signal.aborted || isCancelled(error)) throw error;
      const shape = toErrorShape(error);
      const setting = settingNameSchema.safeParse(shape.details?.setting);
      return {
        ok: false,
        facts:
          shape.details?.fingerprint === undefined
            ? []
            : [{ label: 'Host key', value: shape.details.fingerprint }],
        warnings: [],
        error: shape,
        ...(setting.success ? { setting: setting.data } : {}),
      };
    }
  };
}

async function testHost(settings: Settings, secrets: SshSecrets, signal: AbortSignal): Promise<Outcome> {
  const hostKey = settings.get('EASYPANEL_SSH_HOST_KEY');
  const username = settings.require('EASYPANEL_SSH_USER');
  const session = await openSshSession(
    {
      host: settings.require('EASYPANEL_SSH_HOST'),
      port: Number(settings.get('EASYPANEL_SSH_PORT') ?? '22'),
      username,
      hostKey,
      authentication: await authenticationOf(settings, secrets),
    },
    signal,
  );
  try {
    const system = await session.execute('uname -a', signal);
    const facts = [
      { label: 'User', value: username },
      { label: 'Host key', value: hostKey ?? '' },
      ...(system.code === 0 ? [{ label: 'System', value: system.stdout.trim() }] : []),
    ];
    const docker = await dockerVersion(session, signal);
    return docker === undefined
      ? { ok: true, facts, warnings: [dockerUnusable(username)] }
      : { ok: true, facts: [...facts, { label: 'Docker', value: docker }], warnings: [] };
  } finally {
    session.close();
  }
}

async function authenticationOf(settings: Settings, secrets: SshSecrets): Promise<SshAuthentication> {
  const file = settings.get('EASYPANEL_SSH_KEY_FILE');
  if (file !== undefined) {
    const privateKey = await readPrivateKey(file, secrets.keyPassphrase);
    return { privateKey, passphrase: secrets.keyPassphrase };
  }
  if (secrets.agent !== undefined && secrets.agent !== '') return { agent: secrets.agent };
  throw new AppError('SETTING_MISSING', 'EASYPANEL_SSH_KEY_FILE is not set, and no SSH agent is running.', {
    hint: 'Set it to a private key file, or start an SSH agent that holds the key.',
    details: { setting: 'EASYPANEL_SSH_KEY_FILE' },
  });
}

async function dockerVersion(session: SshSession, signal: AbortSignal): Promise<string | undefined> {
  const result = await session.execute("docker version --format '{{.Server.Version}}'", signal);
  const version = result.stdout.trim();
  return result.code === 0 && /^\d+\.\d+/.test(version) ? version : undefined;
}

function dockerUnusable(username: string): Outcome['warnings'][number] {
  return {
    code: 'DOCKER_NOT_USABLE',
    message: `The user ${username} can't use Docker on the host.`,
    hint: `Add the user to the group docker on the host, or sign in as another user. The migration itself does not need it.`,
  };
}
