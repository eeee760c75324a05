import type { BulkProgress, UserOutcome, UserReference } from '#shared/contract/users';
import {
  foreverHours,
  type BulkAction,
  type Metadata,
  metadataSchema,
  type UserFilter,
  type UserState,
  userStateOf,
  type UserSummary,
} from '#shared/model/users';
import { formatCount, plural } from '../../ui/format';
import type { Tone } from '../../ui/tag';

/** States as the filter offers them. */
export const stateNames: Record<UserState, string> = {
  confirmed: 'Confirmed',
  unconfirmed: 'Unconfirmed',
  banned: 'Banned',
  deleted: 'Deleted softly',
  anonymous: 'Anonymous',
};
const tones: Record<UserState, Tone> = {
  confirmed: 'ok',
  unconfirmed: 'idle',
  banned: 'bad',
  deleted: 'idle',
  anonymous: 'idle',
};

/** What the list says of a user. Somebody who was invited and has not come yet is told apart. */
export function stateOf(user: UserSummary, now: Date): { label: string; tone: Tone } {
  const state = userStateOf(user, now);
  const invited = state === 'unconfirmed' && user.invitedAt !== undefined;
  return { label: invited ? 'Invited' : stateNames[state], tone: tones[state] };
}

/** Whether a filter leaves anybody out. */
export function isFiltered(filter: UserFilter): boolean {
  return Object.values(filter).some((value) => value !== undefined && value !== '');
}

/** The filter without members that are undefined, and with the text when there is one. */
export function filterOf(text: string, rest: Omit<UserFilter, 'text'>): UserFilter {
  const sought = text.trim();
  const kept = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  return { ...kept, ...(sought === '' ? {} : { text: sought }) };
}

/** How many filters stand in the second row. */
export function hiddenFilters(filter: Omit<UserFilter, 'text'>): number {
  const { mfa, migrated, createdFrom, createdTo, signedInFrom, signedInTo, neverSignedIn } = filter;
  return [mfa, migrated, createdFrom, createdTo, signedInFrom, signedInTo, neverSignedIn].filter(
    (value) => value !== undefined,
  ).length;
}

/** The last day of a span, as the moment after it: days are the viewer’s own. */
export function dayAfter(day: string): string {
  const date = new Date(`${day}T00:00:00`);
  date.setDate(date.getDate() + 1);
  return date.toISOString();
}

/** The day of a moment that {@link dayAfter} or {@link dayStart} made. */
export function dayOf(moment: string | undefined, end: boolean): string {
  if (moment === undefined) return '';
  const date = new Date(moment);
  if (end) date.setDate(date.getDate() - 1);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** The first moment of a day. */
export function dayStart(day: string): string {
  return new Date(`${day}T00:00:00`).toISOString();
}

/** Text of an editor as metadata; undefined when it is not a JSON object. */
export function parseMetadata(text: string): Metadata | undefined {
  try {
    return metadataSchema.parse(JSON.parse(text.trim() === '' ? '{}' : text));
  } catch {
    return undefined;
  }
}

/** What has to be sent so that the old metadata becomes the new one: null removes a key. Undefined when nothing differs. */
export function metadataPatch(old: Metadata, wanted: Metadata): Metadata | undefined {
  const patch: Metadata = {};
  for (const [key, value] of Object.entries(wanted)) {
    if (JSON.stringify(old[key]) !== JSON.stringify(value)) patch[key] = value;
  }
  for (const key of Object.keys(old)) if (!(key in wanted)) patch[key] = null;
  return Object.keys(patch).length === 0 ? undefined : patch;
}

/** Spans of a ban, by their hours. */
export const banSpans: readonly { hours: number; label: string }[] = [
  { hours: 1, label: '1 hour' },
  { hours: 24, label: '24 hours' },
  { hours: 7 * 24, label: '7 days' },
  { hours: 30 * 24, label: '30 days' },
  { hours: 365 * 24, label: '1 year' },
  { hours: foreverHours, label: 'for good (100 years)' },
];

/** A bulk action as a verb with its object. */
export function bulkTitle(action: BulkAction, count: number): string {
  const users = plural(count, 'user');
  switch (action.kind) {
    case 'confirm':
      return `Confirm ${users}`;
    case 'ban':
      return `Ban ${users}`;
    case 'unban':
      return `Unban ${users}`;
    case 'signOut':
      return `Sign ${users} out everywhere`;
    case 'delete':
      return action.soft ? `Delete ${users} softly` : `Delete ${users}`;
  }
}

/** What became of many users, in one line; those that were not reached are counted too. */
export function bulkSummary({ done, unchanged, failed, unknown, total }: BulkProgress): string {
  const untouched = total - done - unchanged - failed - unknown;
  return [
    `${formatCount(done)} done`,
    ...(unchanged === 0 ? [] : [`${formatCount(unchanged)} so already`]),
    ...(failed === 0 ? [] : [`${formatCount(failed)} not done`]),
    ...(unknown === 0 ? [] : [`${formatCount(unknown)} not known`]),
    ...(untouched <= 0 ? [] : [`${formatCount(untouched)} not touched`]),
  ].join(', ');
}

/** Ids that an operator would try again: those that failed, those not known, and those that were not reached. */
export function retryIds(
  ids: readonly string[],
  problems: readonly UserOutcome[],
  progress: BulkProgress,
): string[] {
  const reached = progress.done + progress.unchanged + progress.failed + progress.unknown;
  const troubled = new Set(problems.map((problem) => problem.id));
  return ids.filter((id, index) => troubled.has(id) || index >= reached);
}

/** A line for a file or the clipboard: who, what, why. */
export function problemLine({ label, status, error }: UserOutcome): string {
  return `${label}\t${status}\t${error?.code ?? ''}\t${error?.message ?? ''}`;
}

const effects: Record<UserReference['effect'], string> = {
  blocks: 'blocks the delete',
  deletes: 'will be deleted too',
  clears: 'stays and loses its link',
};

/** `public.orders (buyer): 3 rows, blocks the delete` */
export function referenceLine({ table, columns, rows, effect }: UserReference): string {
  const count = rows === undefined ? 'rows not counted' : plural(rows, 'row');
  return `${table} (${columns.join(', ')}): ${count}, ${effects[effect]}`;
}
