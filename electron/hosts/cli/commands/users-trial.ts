import { AppError } from '#shared/model/errors';
import type { CommandContext } from '../context';
import { type ExitCode, exitCodes } from '../exit-codes';
import { askPassphrase } from '../prompt';
import { type SessionOptions, withSession } from '../session';

/** Signs in as a test user with a password that is typed, and out again. */
export function trySignIn(
  context: CommandContext,
  login: string,
  options: SessionOptions,
): Promise<ExitCode> {
  const { output, terminal, signal } = context;
  if (terminal === undefined) {
    throw new AppError('INVALID_INPUT', 'A password is typed on a terminal, and there is none.', {
      hint: 'Run the command where you can type. No option takes a password: others could read it.',
    });
  }
  return withSession(context, options, { secrets: 'ask' }, async ({ core }) => {
    const password = await askPassphrase(terminal, `Password of ${login}: `, signal);
    const answer = await core.trySignIn({ login, password }, signal);
    await output.document(answer);
    output.line(answer.taken ? `${login}: signed in, and out again.` : `${login}: refused. ${answer.why}`);
    return answer.taken ? exitCodes.done : exitCodes.failed;
  });
}
