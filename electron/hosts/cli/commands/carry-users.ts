import { AppError } from '#shared/model/errors';
import { describeDelta, type UserDelta } from '#shared/model/users-report';
import type { CommandContext } from '../context';
import { type ExitCode, exitCodes } from '../exit-codes';
import type { Output } from '../output';
import { confirm } from '../prompt';
import { type SessionOptions, withSession } from '../session';
import { count } from '#shared/model/counted';
import { applyUsersMapping } from '../users-mapping-file';

export interface CarryUsersOptions extends SessionOptions {
  usersMapping?: string;
  dryRun?: boolean;
  yes?: boolean;
}

/** Shows what changed of the users since they were imported, asks, and carries it over. */
export function carryUsers(context: CommandContext, options: CarryUsersOptions): Promise<ExitCode> {
  const { output, terminal, signal } = context;
  const asks = options.dryRun !== true && options.yes !== true;
  if (asks && (terminal === undefined || output.json)) {
    throw new AppError(
      'INVALID_INPUT',
      'Carrying users over writes to the target, and there is no terminal to ask on.',
      {
        hint: 'Look first with --dry-run, then add --yes.',
      },
    );
  }
  return withSession(context, options, { secrets: 'ask' }, async (session) => {
    await applyUsersMapping(context, session, options.usersMapping);
    const call = session.handlers['migration.carryUsers'];
    if (options.dryRun === true || asks) {
      const found = await call({ apply: false }, { signal });
      if (options.dryRun === true) await output.document(found);
      print(output, found);
      if (options.dryRun === true) return exitCodes.done;
      if (terminal === undefined || !(await confirm(terminal, 'Carry this over?', signal))) {
        output.line('Nothing was carried over.');
        return exitCodes.cancelled;
      }
    }
    const done = await call({ apply: true }, { signal });
    await output.document(done);
    print(output, done);
    return exitCodes.done;
  });
}

function print(output: Output, delta: UserDelta): void {
  const { carried, left, limit } = describeDelta(delta);
  output.line(delta.applied ? 'Carried over:' : 'To carry over:');
  for (const { users, what } of carried) output.line(`  ${count(users)} ${what}`);
  for (const { users, what } of left) output.line(`${output.paint('warn', '!')} ${count(users)} ${what}`);
  if (limit !== undefined) output.line(`${output.paint('warn', '!')} ${limit}`);
}
