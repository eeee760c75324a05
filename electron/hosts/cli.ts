import { CommanderError } from 'commander';
import { AppError, toAppError } from '#shared/model/errors';
import type { CommandContext } from './cli/context';
import { type ExitCode, exitCodeOfError, exitCodes } from './cli/exit-codes';
import { dataFolder, findInstallation } from './cli/installation';
import { createOutput } from './cli/output';
import { createProgram, type Perform } from './cli/program';
import { ownTerminal } from './cli/prompt';

const stopping = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => {
    if (stopping.signal.aborted) process.exit(exitCodes.cancelled);
    stopping.abort(new AppError('CANCELLED', 'The command was stopped.'));
  });
}
// A reader that has gone (`| head`) is no failure of the command.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

const installation = findInstallation();
const outputFor = (json: boolean) =>
  createOutput({ json, stdout: process.stdout, stderr: process.stderr, env: process.env });

const perform: Perform = async (json, command) => {
  const output = outputFor(json);
  const context: CommandContext = {
    env: process.env,
    dataDir: dataFolder(process.env),
    installation,
    output,
    terminal: ownTerminal(),
    signal: stopping.signal,
  };
  try {
    process.exitCode = await command(context);
  } catch (error) {
    const failure = stopping.signal.aborted
      ? new AppError('CANCELLED', 'The command was stopped.')
      : toAppError(error);
    await output.error(withoutStack(failure).toShape());
    process.exitCode = exitCodeOfError(failure.code);
  }
};

/** A stack is for developers; an operator gets it only when asked for. */
function withoutStack(error: AppError): AppError {
  if (error.details?.stack === undefined || process.env.CUTOVER_DEBUG === '1') return error;
  const { stack: _stack, ...details } = error.details;
  return AppError.fromShape({ ...error.toShape(), details });
}

async function main(args: string[]): Promise<ExitCode> {
  const json = args.includes('--json');
  const program = createProgram(installation.version, perform);
  // With --json a usage error is a document too, so commander's own text is left out.
  if (json)
    for (const command of [program, ...program.commands])
      command.configureOutput({ writeErr: () => undefined });
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return exitCodes.done;
    if (json) {
      const message = error.message.replace(/^error: /, '').split('\n')[0] ?? '';
      const usage = new AppError(
        'INVALID_INPUT',
        message === '' ? 'The command line is not valid.' : message,
        {
          hint: 'See cutover --help.',
        },
      );
      await outputFor(true).error(usage.toShape());
    }
    return exitCodes.usage;
  }
  return exitCodes.done;
}

const code = await main(process.argv.slice(2));
await Promise.all(
  [process.stdout, process.stderr].map(
    (stream) => new Promise<void>((resolve) => void stream.write('', () => resolve())),
  ),
);
// Not left to the event loop: an idle connection of a library must not keep a finished command alive.
process.exit(process.exitCode ?? code);
