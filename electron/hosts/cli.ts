import { AppError } from '#shared/model/errors';
import { runCommandLine } from './cli/command-line';
import { exitCodes } from './cli/exit-codes';
import { findInstallation } from './cli/installation';
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

const code = await runCommandLine({
  args: process.argv.slice(2),
  env: process.env,
  installation: findInstallation(),
  stdout: process.stdout,
  stderr: process.stderr,
  terminal: ownTerminal(),
  signal: stopping.signal,
});
await Promise.all(
  [process.stdout, process.stderr].map(
    (stream) => new Promise<void>((resolve) => void stream.write('', () => resolve())),
  ),
);
// Not left to the event loop: an idle connection of a library must not keep a finished command alive.
process.exit(code);
