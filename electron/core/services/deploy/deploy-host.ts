import { AppError } from '#shared/model/errors';
import { classifyDockerMessage } from '../../adapters/docker/classify';
import { type DockerApi, openDockerApi } from '../../adapters/docker/docker-api';
import { type ExecuteOptions, shellWord, type SshSession } from '../../adapters/ssh/ssh-session';

export const defaultDockerSocket = '/var/run/docker.sock';

/** What is true on the host is not known, so nothing is taken back: the next deployment goes on from what it finds. */
export const lostHost = new Set<string>(['SSH_FAILED', 'DOCKER_UNAVAILABLE', 'CANCELLED']);

/** The host of a stack: its shell, its Docker and the folder in which Cutover keeps the stack's releases. */
export interface DeployHost {
  readonly ssh: SshSession;
  readonly docker: DockerApi;
  /** Absolute path of `~/.cutover/STACK` on the host. */
  readonly folder: string;
  /** Runs a command and answers what it printed. Throws what Docker's words say, otherwise `HOST_COMMAND_FAILED`. */
  run(command: string, signal: AbortSignal, options?: ExecuteOptions): Promise<string>;
  /** The Docker client on the host, at the same engine as {@link docker}. */
  runDocker(
    args: readonly string[],
    signal: AbortSignal,
    options?: ExecuteOptions & { in?: string },
  ): Promise<string>;
  /** Compose on the host, as a plugin of Docker's client or as the older program. Throws `HOST_COMMAND_FAILED` where there is neither. */
  runCompose(
    args: readonly string[],
    signal: AbortSignal,
    options?: ExecuteOptions & { in?: string },
  ): Promise<string>;
  /** The file's text; undefined when there is none. */
  readFile(file: string, signal: AbortSignal): Promise<string | undefined>;
  /** Writes a file for this user only, whole or not at all. Folders are made. */
  writeFile(file: string, content: string, signal: AbortSignal): Promise<void>;
  close(): void;
}

/** The host behind a session, with its Docker engine. Closes the session when it fails. Throws the codes of SSH and of Docker. */
export async function openDeployHost(
  ssh: SshSession,
  stack: string,
  socket: string,
  signal: AbortSignal,
): Promise<DeployHost> {
  try {
    const run = runner(ssh);
    const dockerHost = `DOCKER_HOST=${shellWord(`unix://${socket}`)}`;
    // Said first by the client: its words tell a missing right from an engine that is down.
    await run(`${dockerHost} docker version --format '{{.Server.Version}}'`, signal);
    const docker = overSsh(await openDockerApi(await dockerConnection(ssh, socket, dockerHost), signal), ssh);
    const inFolder = (folder: string | undefined) =>
      folder === undefined ? '' : `cd ${shellWord(folder)} && `;
    let composeProgram: Promise<string> | undefined;
    const home = (await run('printf %s "$HOME"', signal)).trim();
    return {
      ssh,
      docker,
      folder: `${home}/.cutover/${stack}`,
      run,
      runDocker: (args, callSignal, { in: folder, ...options } = {}) =>
        run(`${inFolder(folder)}${dockerHost} docker ${args.map(shellWord).join(' ')}`, callSignal, options),
      runCompose: async (args, callSignal, { in: folder, ...options } = {}) => {
        composeProgram ??= findCompose(run, callSignal);
        const words = [await composeProgram, ...args.map(shellWord)].join(' ');
        return run(`${inFolder(folder)}${dockerHost} ${words}`, callSignal, options);
      },
      readFile: async (file, callSignal) => {
        const word = shellWord(file);
        const text = await run(
          `if [ -e ${word} ]; then printf 1; cat ${word}; else printf 0; fi`,
          callSignal,
        );
        return text.startsWith('1') ? text.slice(1) : undefined;
      },
      writeFile: async (file, content, callSignal) => {
        const word = shellWord(file);
        // The content goes through standard input: a command line is shown to every user of the host.
        await run(
          `umask 077 && mkdir -p "$(dirname ${word})" && cat > ${word}.new && mv ${word}.new ${word}`,
          callSignal,
          { input: content },
        );
      },
      close: () => ssh.close(),
    };
  } catch (error) {
    ssh.close();
    throw error;
  }
}

/** For the end of the connection to be noticed after that of a channel in it. */
const noticeMs = 1_000;

/**
 * What broke a connection inside the SSH connection: the SSH connection itself, where it is gone, and not the engine behind it. Other
 * failures come back as they are.
 */
export async function brokenBy(ssh: SshSession, error: unknown): Promise<unknown> {
  const broken = !(error instanceof AppError) || error.code === 'DOCKER_UNAVAILABLE';
  if (!broken) return error;
  if (!ssh.lost.aborted) {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, noticeMs);
      const onLost = () => {
        clearTimeout(timer);
        resolve();
      };
      ssh.lost.addEventListener('abort', onLost, { once: true });
    });
  }
  return ssh.lost.aborted ? ssh.lost.reason : error;
}

function overSsh(docker: DockerApi, ssh: SshSession): DockerApi {
  const explain = async (error: unknown) => {
    throw await brokenBy(ssh, error);
  };
  return {
    engineVersion: docker.engineVersion,
    call: (request, schema, signal) => docker.call(request, schema, signal).catch(explain),
    stream: (request, signal) => docker.stream(request, signal).catch(explain),
  };
}

function runner(ssh: SshSession): DeployHost['run'] {
  return async (command, signal, options) => {
    const result = await ssh.execute(command, signal, options);
    if (result.code === 0) return result.stdout;
    const words = (result.stderr.trim() === '' ? result.stdout : result.stderr).trim();
    throw (
      classifyDockerMessage(words, { exit: String(result.code) }) ??
      new AppError('HOST_COMMAND_FAILED', `A command on the host failed: ${lastLine(words)}`, {
        hint: 'Read what the command printed in the details; run it on the host to see more.',
        details: { output: words.slice(-1000), exit: String(result.code) },
      })
    );
  };
}

async function findCompose(run: DeployHost['run'], signal: AbortSignal): Promise<string> {
  const found = await run(
    'if docker compose version >/dev/null 2>&1; then echo docker compose; elif command -v docker-compose >/dev/null; then echo docker-compose; fi',
    signal,
  );
  if (found.trim() !== '') return found.trim();
  throw new AppError('HOST_COMMAND_FAILED', 'The host has no Compose.', {
    hint: 'Install the plugin docker-compose-plugin there, or let Cutover make the host a swarm of its own, which needs none.',
  });
}

function lastLine(text: string): string {
  return text.split('\n').at(-1)?.slice(0, 300) ?? '';
}

/** A server that allows no forwarding still runs commands, and the Docker client can pass bytes on. */
async function dockerConnection(ssh: SshSession, socket: string, dockerHost: string) {
  try {
    (await ssh.openSocket(socket)).destroy();
    return () => ssh.openSocket(socket);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'SSH_FORWARDING_REFUSED') throw error;
    return () => ssh.openCommand(`${dockerHost} docker system dial-stdio`);
  }
}
