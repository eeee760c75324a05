import { setTimeout as wait } from 'node:timers/promises';
import { AppError } from '#shared/model/errors';
import type { CommandContext } from '../context';
import { type ExitCode, exitCodes } from '../exit-codes';
import { confirm } from '../prompt';
import { type SessionOptions, withSession } from '../session';
import { count } from '#shared/model/counted';
import { table } from '../text';

/** Milliseconds between two looks at how far it has come. */
const lookEvery = 500;

/**
 * Asks the Auth service to write to users who have no password because it refuses their old hash. Interrupted, it ends after the mail under
 * way; started again, it goes on. Exit code 4 when some were refused, 1 when it stopped before the end.
 */
export function sendResetMails(
  context: CommandContext,
  options: SessionOptions & { perHour: number; dryRun?: boolean; yes?: boolean },
): Promise<ExitCode> {
  const { output, terminal, signal } = context;
  return withSession(context, options, { secrets: 'ask' }, async ({ core }) => {
    const { resets } = core.users();
    const { run: _earlier, ...before } = await resets.state(signal);
    const rows = [
      ['wait for a mail', count(before.waiting)],
      ['have a mail, no password yet', count(before.mailed)],
      ['have a password again', count(before.chosen)],
      ['banned, get none', count(before.banned)],
      ['without an address', count(before.unreachable)],
    ];
    for (const line of table(rows, [1])) output.line(line);
    if (options.dryRun === true || before.waiting === 0) {
      await output.document(before);
      return exitCodes.done;
    }
    if (options.yes !== true) {
      if (terminal === undefined || output.json) {
        throw new AppError(
          'INVALID_INPUT',
          `${count(before.waiting)} people would get a mail, and there is no terminal to ask on.`,
          {
            hint: 'Add --yes, or look first with --dry-run.',
          },
        );
      }
      const question = `Send ${count(before.waiting)} mails, at most ${count(options.perHour)} an hour?`;
      if (!(await confirm(terminal, question, signal))) return exitCodes.cancelled;
    }
    const stop = () => void resets.stop();
    signal.addEventListener('abort', stop, { once: true });
    try {
      await resets.start(options.perHour);
      const end = resets.ended().then(() => 'ended' as const);
      while ((await Promise.race([end, wait(lookEvery)])) !== 'ended') {
        const { run } = await resets.state(new AbortController().signal);
        output.progress(run?.waiting ?? `${count(run?.sent ?? 0)} of ${count(before.waiting)} mails`);
      }
    } finally {
      signal.removeEventListener('abort', stop);
    }
    const state = await resets.state(new AbortController().signal);
    await output.document(state);
    const { sent = 0, refused = 0, refusals = [], stopped } = state.run ?? {};
    for (const { email, reason } of refusals) output.note(`${email}: ${reason}`);
    output.line(
      `${count(sent)} mails were given to the service, ${count(refused)} refused, ${count(state.waiting)} wait.`,
    );
    if (stopped !== undefined) output.note(`It stopped: ${stopped.message} Run it again to go on.`);
    if (signal.aborted) return exitCodes.cancelled;
    if (stopped !== undefined) return exitCodes.failed;
    return refused > 0 ? exitCodes.differs : exitCodes.done;
  });
}
