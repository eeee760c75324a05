import { AppError } from '#shared/model/errors';
import type { SourceContainers } from '../../adapters/postgres/dump-in-container';
import { longestDump } from '../../adapters/postgres/dump-native';
import { openHostSession, type SshSecrets } from '../../adapters/ssh/open-host';
import { shellWord, type SshSession } from '../../adapters/ssh/ssh-session';
import type { Settings } from '../../ports/settings';

/** The containers of the SSH host that the settings name; undefined when they name none. Signs in when it is first needed. */
export function sourceContainers(
  settings: Settings,
  secrets: SshSecrets,
): (SourceContainers & { close(): void }) | undefined {
  if (settings.get('EASYPANEL_SSH_HOST') === undefined || settings.get('EASYPANEL_SSH_USER') === undefined)
    return undefined;
  const socket = settings.get('EASYPANEL_DOCKER_SOCKET');
  const docker = `${socket === undefined ? '' : `DOCKER_HOST=${shellWord(`unix://${socket}`)} `}docker`;
  let session: SshSession | undefined;
  const execute = async (command: string, input: string, signal: AbortSignal) => {
    if (session?.lost.aborted !== false) session = await openHostSession(settings, secrets, signal);
    let stdout = '';
    const result = await session.execute(command, signal, {
      input,
      onOutput: (text, stream) => {
        if (stream !== 'stdout') return;
        stdout += text;
        if (stdout.length > longestDump) session?.close();
      },
    });
    return { ...result, stdout };
  };
  return {
    async list(signal) {
      const { code, stdout, stderr } = await execute(
        `${docker} ps --format '{{.Names}}\t{{.Image}}'`,
        '',
        signal,
      );
      if (code !== 0) {
        throw new AppError('DOCKER_UNAVAILABLE', 'Docker on the host does not tell which containers run.', {
          hint: 'The user of the SSH access has to be allowed to use Docker.',
          details: { output: stderr.trim().slice(0, 500) },
        });
      }
      return stdout.split('\n').flatMap((line) => {
        const [name, image] = line.split('\t');
        return name === undefined || image === undefined ? [] : [{ name, image }];
      });
    },
    run: (container, words, input, signal) =>
      execute(`${docker} exec -i ${shellWord(container)} ${words.map(shellWord).join(' ')}`, input, signal),
    close: () => session?.close(),
  };
}
