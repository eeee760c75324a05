import { execFile, spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/** A port of 127.0.0.1 that nothing listens on at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('The system gave no port.');
  return address.port;
}

/** Runs a program to its end. Fails with everything that it printed. */
export function run(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(command, args, { maxBuffer: 64 * 1024 * 1024, ...options }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${command} ${args.join(' ')} failed\n${stdout}\n${stderr}`));
    });
  });
}

export interface Program {
  readonly child: ChildProcess;
  /** What it printed so far. */
  output(): string;
  /** Ends it, and resolves once it is gone. */
  stop(): Promise<void>;
}

/** Starts a program that runs until it is stopped. `ready` is asked until it says so. */
export async function startProgram(
  command: string,
  args: readonly string[],
  options: SpawnOptions & { ready: () => Promise<boolean> },
): Promise<Program> {
  const { ready, ...spawnOptions } = options;
  const child = spawn(command, args, { ...spawnOptions, stdio: ['ignore', 'pipe', 'pipe'] });
  let printed = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (printed = (printed + chunk.toString()).slice(-200_000)));
  const ended = once(child, 'exit');
  const running = (): boolean => child.exitCode === null && child.signalCode === null;
  const stop = async (): Promise<void> => {
    if (!running()) return;
    child.kill('SIGTERM');
    const insist = setTimeout(() => child.kill('SIGKILL'), 15_000);
    await ended;
    clearTimeout(insist);
  };
  const deadline = Date.now() + 300_000;
  while (!(await ready().catch(() => false))) {
    if (!running() || Date.now() > deadline) {
      await stop();
      throw new Error(`${command} did not get ready: ${printed}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { child, output: () => printed, stop };
}

/** Whether something listens on this port of 127.0.0.1. */
export async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } finally {
    socket.destroy();
  }
}
