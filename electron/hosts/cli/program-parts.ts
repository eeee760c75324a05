import type { Command } from 'commander';
import type { CommandContext } from './context';
import type { ExitCode } from './exit-codes';
import type { SessionOptions } from './session';

/** Called with what a command line asks for. `json` is known only when it was parsed. */
export type Perform = (
  json: boolean,
  command: (context: CommandContext) => Promise<ExitCode>,
) => Promise<void>;

export interface CommonOptions extends SessionOptions {
  json?: boolean;
}

/** A command with examples under its help. */
export function sub(
  program: Command,
  name: string,
  description: string,
  samples: readonly string[],
  argument?: string,
): Command {
  const command = program
    .command(name)
    .description(description)
    .addHelpText('after', `\nExamples:\n${samples.map((sample) => `  $ ${sample}`).join('\n')}\n`)
    .exitOverride();
  return argument === undefined
    ? command
    : command.argument(argument, 'id of the run; default: the newest that fits');
}

/** The options of every command that works on a workspace. */
export function withWorkspace(command: Command): Command {
  return command
    .option('-w, --workspace <dir>', 'workspace folder; an absent or empty one becomes a workspace')
    .option('--env-file <file>', 'file with settings, in the form of .env')
    .option('--json', 'print JSON on stdout');
}
