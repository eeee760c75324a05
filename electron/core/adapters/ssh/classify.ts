import { AppError } from '#shared/model/errors';

/** Where a connection was to go; for messages. */
export interface SshAddress {
  host: string;
  port: number;
  username: string;
}

/** What ssh2 or the network reported, as the operator's situation. */
export function classifySshError(error: unknown, address: SshAddress): AppError {
  if (error instanceof AppError) return error;
  const { level, code, message } = facts(error);
  const at = `${address.host}:${address.port}`;
  const cause = new AppError('SSH_FAILED', message);
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EAI_NONAME':
      return new AppError('HOST_NOT_FOUND', `The name ${address.host} can't be resolved.`, {
        hint: 'Check the spelling of EASYPANEL_SSH_HOST and the DNS of this machine.',
        details: { setting: 'EASYPANEL_SSH_HOST' },
        retryable: code === 'EAI_AGAIN',
        cause,
      });
    case 'ECONNREFUSED':
      return new AppError('CONNECTION_REFUSED', `${at} refuses connections.`, {
        hint: 'Check EASYPANEL_SSH_PORT, and that the SSH server is running.',
        details: { setting: 'EASYPANEL_SSH_PORT' },
        retryable: true,
        cause,
      });
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return new AppError('HOST_UNREACHABLE', `${at} can't be reached.`, {
        hint: 'Check the address, and that a firewall lets this machine through to the SSH port.',
        details: { setting: 'EASYPANEL_SSH_HOST' },
        retryable: true,
        cause,
      });
    case undefined:
    default:
      break;
  }
  if (level === 'client-authentication') {
    return new AppError(
      'SSH_AUTH_FAILED',
      `${at} does not let the user ${address.username} in with this key.`,
      {
        hint: `Add the public key to ~/.ssh/authorized_keys of ${address.username} on the host, or choose another key file or user.`,
        details: { setting: 'EASYPANEL_SSH_KEY_FILE' },
        cause,
      },
    );
  }
  if (level === 'client-timeout') {
    return new AppError('TIMED_OUT', `${at} accepts connections but does not answer as an SSH server.`, {
      hint: 'Check that EASYPANEL_SSH_PORT is the port of SSH.',
      details: { setting: 'EASYPANEL_SSH_PORT' },
      retryable: true,
      cause,
    });
  }
  return new AppError('SSH_FAILED', `The SSH connection to ${at} failed.`, {
    hint: 'Try it with the ssh command to see more, then test again.',
    retryable: true,
    cause,
  });
}

function facts(error: unknown): { level?: string; code?: string; message: string } {
  if (!(error instanceof Error)) return { message: String(error) };
  return {
    message: error.message,
    ...('level' in error && typeof error.level === 'string' ? { level: error.level } : {}),
    ...('code' in error && typeof error.code === 'string' ? { code: error.code } : {}),
  };
}

/** The host showed a key and none is pinned: nothing was sent to it but the start of a handshake. */
export function hostKeyUnknown(address: SshAddress, fingerprint: string): AppError {
  return new AppError(
    'SSH_HOST_KEY_UNKNOWN',
    `The host key of ${address.host} is not pinned yet. It shows ${fingerprint}.`,
    {
      hint: `On the host run: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub. When it prints the same, set EASYPANEL_SSH_HOST_KEY to ${fingerprint}.`,
      details: { setting: 'EASYPANEL_SSH_HOST_KEY', fingerprint },
    },
  );
}

/** The host showed another key than the pinned one. */
export function hostKeyChanged(address: SshAddress, expected: string, fingerprint: string): AppError {
  return new AppError(
    'SSH_HOST_KEY_CHANGED',
    `The host key of ${address.host} is not the pinned one. It shows ${fingerprint}.`,
    {
      hint: 'Somebody may be in between. Ask whoever runs the host; if the key was changed on purpose, pin the new fingerprint.',
      details: { setting: 'EASYPANEL_SSH_HOST_KEY', expected, fingerprint },
    },
  );
}
