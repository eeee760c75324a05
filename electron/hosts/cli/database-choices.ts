import { databaseChoicesSchema } from '#shared/model/database-choices';
import { AppError } from '#shared/model/errors';
import type { CommandContext } from './context';
import type { Session } from './session';

export interface DatabaseChoiceOptions {
  /** Patterns of tables and views. */
  leaveOut?: string[];
  /** Patterns of tables whose rows are not copied. */
  withoutRows?: string[];
  /** Ids of entries of the schema. */
  withoutEntry?: string[];
}

/** Takes the choice back. */
const nothing = 'none';

/** Keeps what `--leave-out`, `--without-rows` and `--without-entry` say for the workspace. Throws `INVALID_INPUT`. */
export async function applyDatabaseChoices(
  { signal }: CommandContext,
  { handlers }: Session,
  { leaveOut, withoutRows, withoutEntry }: DatabaseChoiceOptions,
): Promise<void> {
  if ((leaveOut ?? withoutRows ?? withoutEntry) === undefined) return;
  const before = await handlers['migration.databaseChoices']({}, { signal });
  const given = (patterns: string[] | undefined, kept: string[]): string[] =>
    patterns === undefined ? kept : patterns.filter((pattern) => pattern !== nothing);
  const choices = databaseChoicesSchema.safeParse({
    leaveOut: given(leaveOut, before.leaveOut),
    withoutRows: given(withoutRows, before.withoutRows),
    withoutEntries: given(withoutEntry, before.withoutEntries ?? []),
  });
  if (!choices.success) {
    throw new AppError('INVALID_INPUT', 'A pattern is too short or too long.', {
      hint: 'Write a name with its schema, public.audit_*, or a regular expression between slashes.',
    });
  }
  await handlers['migration.chooseDatabase'](choices.data, { signal });
}
