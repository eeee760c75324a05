import { readFile } from 'node:fs/promises';
import type { UserOutcome } from '#shared/contract/users';
import { AppError } from '#shared/model/errors';
import {
  type LinkKind,
  type UserAction,
  userActionSchema,
  newUserSchema,
  userLabel,
} from '#shared/model/users';
import type { CommandContext } from '../context';
import { type ExitCode, exitCodes } from '../exit-codes';
import { confirm, confirmTyped } from '../prompt';
import { type SessionOptions, withSession } from '../session';
import { count } from '#shared/model/counted';

async function told({ output }: CommandContext, outcome: UserOutcome): Promise<ExitCode> {
  await output.document(outcome);
  const state = outcome.status === 'unchanged' ? 'was so already' : 'done';
  output.line(`${outcome.label}: ${state}.${outcome.note === undefined ? '' : ` ${outcome.note}`}`);
  return exitCodes.done;
}

/** Does something to one user, found by id, address or number. */
export function actOnUser(
  context: CommandContext,
  who: string,
  action: UserAction,
  options: SessionOptions,
): Promise<ExitCode> {
  return withSession(context, options, { secrets: 'ask' }, async ({ core }) => {
    const user = await core.users().find(who, context.signal);
    return told(context, await core.users().act(user.id, action, context.signal));
  });
}

export interface UserFields {
  email?: string;
  phone?: string;
  userMetadata?: string;
  appMetadata?: string;
}

function parsed(text: string, option: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new AppError('INVALID_INPUT', `--${option} is not JSON.`, {
      hint: `Write it as '{"plan": "pro"}'.`,
    });
  }
}

/** Options as fields of a user; only those that were given. */
function fieldsOf({ email, phone, userMetadata, appMetadata }: UserFields): Record<string, unknown> {
  return {
    ...(email === undefined ? {} : { email }),
    ...(phone === undefined ? {} : { phone }),
    ...(userMetadata === undefined ? {} : { userMetadata: parsed(userMetadata, 'user-metadata') }),
    ...(appMetadata === undefined ? {} : { appMetadata: parsed(appMetadata, 'app-metadata') }),
  };
}

function invalid(message: string): AppError {
  return new AppError('INVALID_INPUT', message, { hint: 'See cutover users --help.' });
}

/** Changes address, number or metadata; top-level keys of metadata, null removes one. */
export function updateUser(
  context: CommandContext,
  who: string,
  options: SessionOptions & UserFields,
): Promise<ExitCode> {
  const fields = fieldsOf(options);
  const action = userActionSchema.safeParse({ kind: 'edit', ...fields });
  if (!action.success) throw invalid('One of the values is not valid.');
  if (Object.keys(fields).length === 0) throw invalid('Nothing was given that should be changed.');
  return actOnUser(context, who, action.data, options);
}

/** Makes a user, without a password. */
export function createUser(
  context: CommandContext,
  options: SessionOptions & UserFields & { unconfirmed?: boolean },
): Promise<ExitCode> {
  const user = newUserSchema.safeParse({ ...fieldsOf(options), confirmed: options.unconfirmed !== true });
  if (!user.success) throw invalid('One of the values is not valid.');
  return withSession(context, options, { secrets: 'ask' }, async ({ core }) =>
    told(context, await core.users().create(user.data, context.signal)),
  );
}

/** Sends an invitation by mail. */
export function inviteUser(
  context: CommandContext,
  email: string,
  options: SessionOptions,
): Promise<ExitCode> {
  return withSession(context, options, { secrets: 'ask' }, async ({ core }) =>
    told(context, await core.users().send({ email, kind: 'invite' }, context.signal)),
  );
}

/** Makes a link to hand over, or lets the service send it. */
export function linkUser(
  context: CommandContext,
  email: string,
  options: SessionOptions & { kind: LinkKind; redirectTo?: string; send?: boolean },
): Promise<ExitCode> {
  const { output, signal } = context;
  const { kind, redirectTo } = options;
  return withSession(context, options, { secrets: 'ask' }, async ({ core }) => {
    if (options.send === true) return told(context, await core.users().send({ email, kind }, signal));
    const url = await core
      .users()
      .link({ email, kind, ...(redirectTo === undefined ? {} : { redirectTo }) }, signal);
    await output.document({ url });
    output.line(url);
    output.note('Whoever has this link can sign in as the user. It works once.');
    return exitCodes.done;
  });
}

/** Deletes a user, and says before what would go with it. */
export function deleteUser(
  context: CommandContext,
  who: string,
  options: SessionOptions & { soft?: boolean; yes?: boolean },
): Promise<ExitCode> {
  const { output, terminal, signal } = context;
  const soft = options.soft === true;
  return withSession(context, options, { secrets: 'ask' }, async ({ core }) => {
    const user = await core.users().find(who, signal);
    if (options.yes !== true) {
      if (terminal === undefined || output.json) {
        throw new AppError(
          'INVALID_INPUT',
          'A delete can’t be taken back, and there is no terminal to ask on.',
          {
            hint: 'Add --yes.',
          },
        );
      }
      const { path } = await core.users().overview(signal);
      const references = soft || path === 'api' ? [] : await core.users().references(user.id, signal);
      for (const { table, columns, rows, effect } of references)
        output.line(`${table} (${columns.join(', ')}): ${rows ?? 'some'} rows, ${effect}`);
      const label = userLabel(user);
      const sure = soft
        ? await confirm(
            terminal,
            `Wipe ${label}? The row stays, what is in it can’t be brought back.`,
            signal,
          )
        : await confirmTyped(terminal, `Type ${label} to delete this user for good: `, label, signal);
      if (!sure) return exitCodes.cancelled;
    }
    return told(context, await core.users().act(user.id, { kind: 'delete', soft }, signal));
  });
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new AppError('INVALID_INPUT', `${file} can’t be read.`, { hint: 'Name a CSV file.', cause: error });
  }
}

/** Imports users from a CSV file; bad lines are named on stderr. Exit code 4 when some lines were not imported, 1 when it stopped. */
export function importUsers(
  context: CommandContext,
  file: string,
  options: SessionOptions & { dryRun?: boolean },
): Promise<ExitCode> {
  const { output, signal } = context;
  const dryRun = options.dryRun === true;
  return withSession(context, options, { secrets: 'ask' }, async ({ core }) => {
    const text = await textOf(file);
    const bad: { line: number; reason: string }[] = [];
    let code: ExitCode = exitCodes.failed;
    for await (const event of core.users().import(text, dryRun, signal)) {
      switch (event.type) {
        case 'columns':
          if (event.ignored.length > 0) output.note(`Columns that are not used: ${event.ignored.join(', ')}`);
          for (const note of event.notes) output.note(note);
          break;
        case 'bad':
          bad.push({ line: event.line, reason: event.reason });
          output.note(`line ${event.line}: ${event.reason}`);
          break;
        case 'progress':
          output.progress(`${count(event.lines)} lines`);
          break;
        case 'end': {
          const { imported, existing, unknown, lines, stopped } = event;
          await output.document({
            dryRun,
            lines,
            imported,
            existing,
            bad,
            unknown,
            ...(stopped === undefined ? {} : { stopped }),
          });
          output.line(
            `${count(lines)} lines: ${count(imported)} ${dryRun ? 'would be imported' : 'imported'}, ${count(existing)} there already, ${count(bad.length)} not usable.`,
          );
          if (stopped !== undefined) {
            const untouched = lines - imported - existing - bad.length - unknown;
            output.note(
              `It stopped: ${stopped.message} ${count(untouched)} lines were not touched, of ${count(unknown)} it is not known. Run it again to go on.`,
            );
          }
          code =
            stopped !== undefined ? exitCodes.failed : bad.length > 0 ? exitCodes.differs : exitCodes.done;
        }
      }
    }
    return code;
  });
}
