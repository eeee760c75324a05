import { userActionSchema, type UserAction, type UserDetail } from '#shared/model/users';
import { jsonProblem } from '../../ui/json-problem.logic';
import { metadataPatch, parseMetadata } from './users.logic';

/** The fields of the editor as they stand. */
export interface EditFields {
  email: string;
  phone: string;
  userMetadata: string;
  appMetadata: string;
}

const metadataProblem = (text: string): string =>
  jsonProblem(text) ?? 'This is not a JSON object: it has to begin with {.';

/** What has to be sent, undefined while nothing differs or something is wrong, and what is wrong. */
export function editOf(
  seen: UserDetail,
  fields: EditFields,
): { action: UserAction | undefined; errors: Partial<Record<keyof EditFields, string>> } {
  const errors: Partial<Record<keyof EditFields, string>> = {};
  const email = fields.email.trim();
  const digits = fields.phone.replace(/[^0-9]/g, '');
  if (email === '' && seen.email !== undefined) errors.email = 'An address can be changed, not taken away.';
  else if (email !== '' && !/^[^@\s]+@[^@\s]+$/.test(email)) errors.email = 'This is not an address.';
  if (fields.phone.trim() === '' && seen.phone !== undefined)
    errors.phone = 'A number can be changed, not taken away.';
  else if (fields.phone.trim() !== '' && !/^\+?[1-9][0-9]{5,14}$/.test(fields.phone.replace(/[\s()/-]/g, '')))
    errors.phone = 'Give the number with its country: +49301234567.';
  const userMetadata = parseMetadata(fields.userMetadata);
  const appMetadata = parseMetadata(fields.appMetadata);
  if (userMetadata === undefined) errors.userMetadata = metadataProblem(fields.userMetadata);
  if (appMetadata === undefined) errors.appMetadata = metadataProblem(fields.appMetadata);
  if (Object.keys(errors).length > 0 || userMetadata === undefined || appMetadata === undefined)
    return { action: undefined, errors };

  const userPatch = metadataPatch(seen.userMetadata, userMetadata);
  const appPatch = metadataPatch(seen.appMetadata, appMetadata);
  const changes = {
    ...(email.toLowerCase() === (seen.email ?? '').toLowerCase() ? {} : { email }),
    ...(digits === (seen.phone ?? '') ? {} : { phone: `+${digits}` }),
    ...(userPatch === undefined ? {} : { userMetadata: userPatch }),
    ...(appPatch === undefined ? {} : { appMetadata: appPatch }),
  };
  if (Object.keys(changes).length === 0) return { action: undefined, errors };
  const parsed = userActionSchema.safeParse({
    kind: 'edit',
    ...changes,
    seen: {
      ...(seen.email === undefined ? {} : { email: seen.email }),
      ...(seen.phone === undefined ? {} : { phone: seen.phone }),
      userMetadata: seen.userMetadata,
      appMetadata: seen.appMetadata,
    },
  });
  return { action: parsed.data, errors };
}
