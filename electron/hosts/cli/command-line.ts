import { CommanderError } from 'commander';
import { AppError, toAppError } from '#shared/model/errors';
import type { CommandContext } from './context';
import { type ExitCode, exitCodeOfError, exitCodes } from './exit-codes';
import { dataFolder, type Installation } from './installation';
import { createOutput, type Sink } from './output';
import { createProgram } from './program';
import type { Perform } from './program-parts';
import type { Terminal } from './prompt';

export interface CommandLine {
  /** Without the program's name. */
  args: readonly string[];
  env: Readonly<Record<string, string | undefined>>;
  installation: Installation;
  stdout: Sink;
  stderr: Sink;
  /** Undefined in scripts: nothing is asked then. */
  terminal: Terminal | undefined;
  /** Aborted when the command is told to stop. */
  signal: AbortSignal;
}

/** Runs one command line to its end. Every failure is printed and becomes an exit code; it never rejects. */
export async function runCommandLine(line: CommandLine): Promise<ExitCode> {
  const { args, env, installation, stdout, stderr, signal } = line;
  const outputFor = (json: boolean) => createOutput({ json, stdout, stderr, env });
  let exitCode: ExitCode = exitCodes.done;

  const perform: Perform = async (json, command) => {
    const output = outputFor(json);
    const { terminal } = line;
    const context: CommandContext = { env, dataDir: dataFolder(env), installation, output, terminal, signal };
    try {
      exitCode = await command(context);
    } catch (error) {
      const failure = signal.aborted
        ? new AppError('CANCELLED', 'The command was stopped.')
        : toAppError(error);
      await output.error(forOperator(failure, env).toShape());
      exitCode = exitCodeOfError(failure.code);
    }
  };

  const json = args.includes('--json');
  const program = createProgram(installation.version, perform);
  for (const command of [program, ...program.commands]) {
    command.configureOutput({
      writeOut: (text) => stdout.write(text),
      // With --json a usage error is a document too.
      writeErr: (text) => json || stderr.write(text),
    });
  }
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return exitCodes.done;
    if (!(error instanceof CommanderError) || json) {
      await outputFor(json).error(usageError(error).toShape());
    }
    return exitCodes.usage;
  }
}

function usageError(error: unknown): AppError {
  const message = error instanceof Error ? (error.message.replace(/^error: /, '').split('\n')[0] ?? '') : '';
  return new AppError('INVALID_INPUT', message === '' ? 'The command line is not valid.' : message, {
    hint: 'See cutover --help.',
  });
}

/** A stack is for developers; an operator gets it only when asked for. */
function forOperator(error: AppError, env: CommandLine['env']): AppError {
  if (error.details?.stack === undefined || env.CUTOVER_DEBUG === '1') return error;
  const { stack: _stack, ...details } = error.details;
  return AppError.fromShape({ ...error.toShape(), details });
}
