import type { DeployAction } from '#shared/contract/deploy';
import { deployEventSchema, type DeployEvent } from '#shared/model/deploy';
import { AppError } from '#shared/model/errors';
import type { CommandContext } from '../context';
import { type ExitCode, exitCodeOfError, exitCodes } from '../exit-codes';
import { confirm } from '../prompt';
import type { Session, SessionOptions } from '../session';

/** Options of a command that changes something. */
export interface Confirmed extends SessionOptions {
  yes?: boolean;
}

/** Starts an operation and tells how it goes until it has ended; Ctrl-C cancels it. */
export async function perform(
  { output, signal }: CommandContext,
  { handlers }: Session,
  action: DeployAction,
): Promise<ExitCode> {
  const { id } = await handlers['deploy.start'](action, { signal });
  const onAbort = () => void handlers['deploy.cancel']({ id }, { signal: new AbortController().signal });
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    // Its own signal: what a cancelled operation tells last is shown as well.
    const watching = { signal: new AbortController().signal, after: -1 };
    for await (const { event } of handlers['deploy.watch']({ id }, watching)) {
      const told = deployEventSchema.parse(event);
      await output.event(told);
      if (told.type !== 'end') output.note(lineOf(told));
      else if (told.error === undefined) {
        output.line(told.release === undefined ? 'Done.' : `${told.release} serves.`);
        return exitCodes.done;
      } else {
        if (!output.json) await output.error(told.error);
        return exitCodeOfError(told.error.code);
      }
    }
    return exitCodes.failed;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function lineOf(event: Exclude<DeployEvent, { type: 'end' }>): string {
  switch (event.type) {
    case 'phase':
      return event.message;
    case 'log':
      return `  ${event.source}: ${event.line}`;
    case 'service':
      return `  ${event.service}: ${event.state}${event.message === '' ? '' : ` (${event.message})`}`;
  }
}

/** Whether the operator agrees: by --yes, or asked on the terminal. Throws `INVALID_INPUT` where nobody can be asked. */
export async function agreed(
  { terminal, signal }: CommandContext,
  options: Confirmed,
  question: string,
): Promise<boolean> {
  if (options.yes === true) return true;
  if (terminal === undefined) {
    throw new AppError('INVALID_INPUT', 'This changes the host, and there is no terminal to ask on.', {
      hint: 'Add --yes.',
    });
  }
  return confirm(terminal, question, signal);
}
