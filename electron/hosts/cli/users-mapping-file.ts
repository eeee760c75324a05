import { readFile } from 'node:fs/promises';
import { AppError } from '#shared/model/errors';
import { writtenMappingSchema, type UsersMapping } from '#shared/model/users-mapping';
import type { CommandContext } from './context';
import type { Session } from './session';

/** Takes the mapping back, so that Cutover finds the users by itself. */
const noMapping = 'none';

/** Keeps the mapping of `--users-mapping` for the workspace. Throws `INVALID_INPUT` and `USERS_MAPPING_INVALID`. */
export async function applyUsersMapping(
  { signal }: CommandContext,
  { handlers }: Session,
  file: string | undefined,
): Promise<void> {
  if (file === undefined) return;
  const mapping = file === noMapping ? null : await readMapping(file);
  await handlers['migration.mapUsers']({ mapping }, { signal });
}

async function readMapping(file: string): Promise<UsersMapping> {
  const hint = 'Print the mapping in force with: cutover inspect --only users --json, under users.mapping.';
  let content: unknown;
  try {
    content = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw new AppError('INVALID_INPUT', `The mapping ${file} can not be read as JSON.`, {
      hint,
      details: { reason: error instanceof Error ? error.message : 'unknown' },
    });
  }
  const parsed = writtenMappingSchema.safeParse(content);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new AppError(
    'INVALID_INPUT',
    `The mapping ${file} is not of the expected form at ${issue?.path.join('.') ?? 'its start'}: ${issue?.message ?? 'unknown'}.`,
    { hint },
  );
}
