import { StringDecoder } from 'node:string_decoder';
import type { Duplex } from 'node:stream';
import type { Client, ClientChannel } from 'ssh2';
import { AppError } from '#shared/model/errors';
import { classifySshError, type SshAddress } from './classify';

/** A command's output beyond this is cut, unless it is told as it comes. */
const outputLimit = 256 * 1024;

export interface CommandResult {
  /** Exit code; null when a signal ended the command. */
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface ExecuteOptions {
  /** Given to the command's standard input: where a secret goes, as a command line is shown to every user of the host. */
  input?: string | Buffer;
  /** Told every piece of output as it comes. */
  onOutput?: (text: string, stream: 'stdout' | 'stderr') => void;
}

export interface SshSession {
  /** Aborted once the connection is gone, with an AppError that says why. */
  readonly lost: AbortSignal;
  /** Runs one command to its end. Rejects with an AppError when the connection fails. */
  execute(command: string, signal: AbortSignal, options?: ExecuteOptions): Promise<CommandResult>;
  /**
   * Connects to a Unix socket on the host. Throws `SSH_FORWARDING_REFUSED` when the server allows no forwarding or nothing answers at
   * the socket.
   */
  openSocket(socketPath: string): Promise<Duplex>;
  /** Connects to a TCP port as the host reaches it. Throws `SSH_FORWARDING_REFUSED` when forwarding is not allowed or nothing listens. */
  openTcp(host: string, port: number): Promise<Duplex>;
  /** Runs a command whose input and output are one stream, such as `docker system dial-stdio`. */
  openCommand(command: string): Promise<Duplex>;
  close(): void;
}

/** Quotes a text as one word of a POSIX shell. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** The session of a client that has signed in. */
export function sessionOf(client: Client, address: SshAddress): SshSession {
  const lost = new AbortController();
  let failure: unknown;
  client.setMaxListeners(0);
  client.on('error', (error) => (failure = error));
  client.on('close', () =>
    lost.abort(classifySshError(failure ?? new Error('The connection was closed.'), address)),
  );
  // `use` runs within the event that opened the channel: an exit code in the same packet would find no listener later.
  const open = <T>(
    begin: (ready: (error: Error | undefined, channel: ClientChannel) => void) => void,
    use: (channel: ClientChannel) => T,
  ) =>
    new Promise<T>((resolve, reject) => {
      if (lost.signal.aborted) {
        reject(lostError(lost.signal));
        return;
      }
      const onLost = () => reject(lostError(lost.signal));
      lost.signal.addEventListener('abort', onLost, { once: true });
      begin((error, channel) => {
        lost.signal.removeEventListener('abort', onLost);
        if (error === undefined) resolve(use(channel));
        else reject(error);
      });
    });
  return {
    lost: lost.signal,
    execute: async (command, signal, options = {}) => {
      signal.throwIfAborted();
      const begun = await open(
        (ready) => client.exec(command, ready),
        (channel) => ({ end: runToEnd(channel, signal, lost.signal, options) }),
      ).catch((error: unknown) => {
        throw classifySshError(error, address);
      });
      return begun.end;
    },
    openSocket: (socketPath) =>
      open(
        (ready) => client.openssh_forwardOutStreamLocal(socketPath, ready),
        (channel): Duplex => channel,
      ).catch((error: unknown) => {
        if (lost.signal.aborted) throw lostError(lost.signal);
        throw new AppError(
          'SSH_FORWARDING_REFUSED',
          `The SSH server does not connect us to ${socketPath} on the host.`,
          {
            hint: 'Check that the socket exists and that this user may use it, and that sshd_config has AllowStreamLocalForwarding yes.',
            details: { socket: socketPath, reason: error instanceof Error ? error.message : String(error) },
          },
        );
      }),
    openTcp: (host, port) =>
      open(
        (ready) => client.forwardOut('127.0.0.1', 0, host, port, ready),
        (channel): Duplex => channel,
      ).catch((error: unknown) => {
        if (lost.signal.aborted) throw lostError(lost.signal);
        throw new AppError(
          'SSH_FORWARDING_REFUSED',
          `The SSH server does not connect us to port ${port} on the host.`,
          {
            hint: 'Check that something listens there, and that sshd_config has AllowTcpForwarding yes.',
            details: { port: String(port), reason: error instanceof Error ? error.message : String(error) },
          },
        );
      }),
    openCommand: (command) =>
      open(
        (ready) => client.exec(command, ready),
        (channel): Duplex => channel,
      ).catch((error: unknown) => {
        throw classifySshError(error, address);
      }),
    close: () => {
      client.end();
      client.destroy();
    },
  };
}

function lostError(lost: AbortSignal): Error {
  return lost.reason instanceof Error ? lost.reason : new AppError('SSH_FAILED', 'The connection is closed.');
}

function runToEnd(
  channel: ClientChannel,
  signal: AbortSignal,
  lost: AbortSignal,
  { input, onOutput }: ExecuteOptions,
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const output = { stdout: '', stderr: '' };
    const collect = (stream: 'stdout' | 'stderr') => {
      const decoder = new StringDecoder('utf8');
      return (chunk: Buffer) => {
        const text = decoder.write(chunk);
        output[stream] = (output[stream] + text).slice(0, outputLimit);
        onOutput?.(text, stream);
      };
    };
    const settle = () => {
      signal.removeEventListener('abort', onAbort);
      lost.removeEventListener('abort', onLost);
    };
    const fail = (error: Error) => {
      settle();
      reject(error);
    };
    const onLost = () => fail(lostError(lost));
    const onAbort = () => {
      channel.destroy();
      fail(new AppError('CANCELLED', 'The command was cancelled.'));
    };
    signal.addEventListener('abort', onAbort, { once: true });
    lost.addEventListener('abort', onLost, { once: true });
    let code: number | null = null;
    channel.on('data', collect('stdout'));
    channel.stderr.on('data', collect('stderr'));
    channel.on('exit', (exit: number | null) => (code = exit));
    channel.on('error', fail);
    channel.on('close', () => {
      settle();
      resolve({ code, ...output });
    });
    channel.end(input ?? '');
  });
}
