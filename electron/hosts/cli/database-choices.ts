import { databaseChoicesSchema } from '#shared/model/database-choices';
import { AppError } from '#shared/model/errors';
import type { CommandContext } from './context';
import type { Session } from './session';

export interface DatabaseChoiceOptions {
  /** Patterns of tables and views. */
  leaveOut?: string[];
  /** Patterns of tables whose rows are not copied. */
  withoutRows?: string[];
}

/** Takes the choice back. */
const nothing = 'none';

/** Keeps what `--leave-out` and `--without-rows` say for the workspace. Throws `INVALID_INPUT`. */
export async function applyDatabaseChoices(
  { signal }: CommandContext,
  { handlers }: Session,
  { leaveOut, withoutRows }: DatabaseChoiceOptions,
): Promise<void> {
  if (leaveOut === undefined && withoutRows === undefined) return;
  const before = await handlers['migration.databaseChoices']({}, { signal });
  const given = (patterns: string[] | undefined, kept: string[]): string[] =>
    patterns === undefined ? kept : patterns.filter((pattern) => pattern !== nothing);
  const choices = databaseChoicesSchema.safeParse({
    leaveOut: given(leaveOut, before.leaveOut),
    withoutRows: given(withoutRows, before.withoutRows),
  });
  if (!choices.success) {
    throw new AppError('INVALID_INPUT', 'A pattern is too short or too long.', {
      hint: 'Write a name with its schema, public.audit_*, or a regular expression between slashes.',
    });
  }
  await handlers['migration.chooseDatabase'](choices.data, { signal });
}
