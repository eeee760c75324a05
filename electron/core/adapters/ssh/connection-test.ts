import { settingNameSchema } from '#shared/model/settings';
import type { ConnectionTest } from '#shared/contract/connections';
import { isCancelled, toErrorShape } from '#shared/model/errors';
import type { Settings } from '../../ports/settings';
import { openHostSession, type SshSecrets } from './open-host';
import type { SshSession } from './ssh-session';

type Outcome = Omit<ConnectionTest, 'end' | 'at' | 'latencyMs'>;

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
  const session = await openHostSession(settings, secrets, signal);
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
