import { AppError } from '#shared/model/errors';
import type { UserDelta } from '#shared/model/users-report';
import type { CommandContext } from '../context';
import { type ExitCode, exitCodes } from '../exit-codes';
import type { Output } from '../output';
import { confirm } from '../prompt';
import { type SessionOptions, withSession } from '../session';
import { count } from '../text';
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
  const lines: [number, string][] = [
    [delta.added, 'users who signed up since the import'],
    [delta.passwords, 'changed passwords'],
    [delta.bans, 'users who were deactivated'],
    [delta.unbans, 'users who were activated again'],
    [delta.confirmations, 'confirmed addresses'],
    [delta.emails, 'changed addresses'],
  ];
  output.line(delta.applied ? 'Carried over:' : 'To carry over:');
  for (const [users, what] of lines) output.line(`  ${count(users)} ${what}`);
  const left: [number, string][] = [
    [delta.passwordsKept, 'passwords that were changed on both sides: the one at Supabase stays'],
    [delta.emailsKept, 'addresses that are taken, or were changed on both sides'],
    [delta.clashCount, `users whose address somebody else has at Supabase: ${delta.clashes.join(', ')}`],
    [delta.gone, 'users who were deleted at Supabase and stay so'],
    [delta.missing, 'users who are gone from the application and stay at Supabase'],
  ];
  for (const [users, what] of left) {
    if (users > 0) output.line(`${output.paint('warn', '!')} ${count(users)} ${what}`);
  }
}
