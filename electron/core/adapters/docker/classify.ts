import { AppError, type ErrorCode } from '#shared/model/errors';

interface Situation {
  pattern: RegExp;
  code: ErrorCode;
  message: string;
  hint: string;
}

/** What Docker says in words, by its engine, its client and registries; the first match counts. */
const situations: readonly Situation[] = [
  {
    pattern: /no space left on device|disk quota exceeded/i,
    code: 'HOST_DISK_FULL',
    message: 'The host’s disk is full.',
    hint: 'Free some space on the host (docker system df shows what images take), then try again.',
  },
  {
    pattern: /permission denied.*docker|docker.*permission denied/i,
    code: 'DOCKER_PERMISSION_DENIED',
    message: 'This user may not use Docker on the host.',
    hint: 'Add the user to the group docker on the host, or sign in as another user.',
  },
  {
    pattern:
      /cannot connect to the docker daemon|is the docker daemon running|failed to connect to the docker api/i,
    code: 'DOCKER_UNAVAILABLE',
    message: 'Docker does not answer on the host.',
    hint: 'Start the Docker service on the host, then try again.',
  },
  {
    pattern: /docker: (command )?not found|command not found: docker/i,
    code: 'DOCKER_UNAVAILABLE',
    message: 'There is no Docker on the host.',
    hint: 'Install Docker on the host, or put it on the PATH that the SSH connection’s user has without a login shell.',
  },
  {
    pattern: /not a swarm manager|node is not part of a swarm/i,
    code: 'SWARM_INACTIVE',
    message: 'The host is not a Swarm manager.',
    hint: 'Let Cutover initialise Swarm, or run docker swarm init on the host.',
  },
  {
    pattern:
      /unauthorized|authentication required|no basic auth credentials|incorrect username or password|denied: requested access|access forbidden/i,
    code: 'REGISTRY_AUTH_FAILED',
    message: 'The registry does not let the host in.',
    hint: 'Run docker login for this registry on the host as the user of the SSH connection, then try again.',
  },
  {
    pattern:
      /manifest unknown|manifest for .* not found|no such manifest|no such image|repository does not exist|not found: manifest|name unknown|pull access denied/i,
    code: 'IMAGE_NOT_FOUND',
    message: 'The image is not in its registry.',
    hint: 'Check the image’s name and tag, and that it was pushed. A private repository also answers so without the right login.',
  },
  {
    pattern: /port is already allocated|address already in use|port '?\d+'? is already in use/i,
    code: 'PORT_TAKEN',
    message: 'A port that the release publishes is taken on the host.',
    hint: 'Stop what uses the port, or publish another one.',
  },
];

/** Docker's words as the operator's situation; undefined when they say none that is known. */
export function classifyDockerMessage(
  text: string,
  details: Record<string, string> = {},
): AppError | undefined {
  const found = situations.find(({ pattern }) => pattern.test(text));
  if (found === undefined) return undefined;
  return new AppError(found.code, found.message, {
    hint: found.hint,
    retryable: found.code === 'DOCKER_UNAVAILABLE',
    details: { ...details, docker: text.trim().slice(0, 500) },
  });
}

/** An answer of the engine that is not a success. `NOT_FOUND` for 404, otherwise what the words say, otherwise `DOCKER_FAILED`. */
export function classifyDockerAnswer(status: number, message: string, path: string): AppError {
  const known = classifyDockerMessage(message, { path, status: String(status) });
  if (known !== undefined) return known;
  if (status === 404) {
    return new AppError('NOT_FOUND', `Docker does not know it: ${message}`, {
      hint: 'It may have been removed meanwhile. Reload the list.',
      details: { path },
    });
  }
  return new AppError('DOCKER_FAILED', `Docker refused the request: ${message}`, {
    hint: 'Read what Docker says; the engine’s own log on the host may say more.',
    retryable: status >= 500,
    details: { path, status: String(status) },
  });
}
