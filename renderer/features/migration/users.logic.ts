import type { InspectReport } from '#shared/contract/migration';
import {
  userChoicesSchema,
  writtenMappingSchema,
  type UserExpression,
  type UsersMapping,
} from '#shared/model/users-mapping';
import type { Dispute } from '#shared/model/users-report';
import { jsonProblem } from '../../ui/json-problem.logic';

/** One line of the table that shows a mapping. */
export interface MappingRow {
  id: string;
  table: string;
  part: string;
  from: string;
}

const partNames: Readonly<Record<string, string>> = {
  email: 'E-mail',
  phone: 'Phone',
  hash: 'Password',
  active: 'Active, else banned',
  blocked: 'Banned',
  deletedAt: 'Banned when set',
  verified: 'Confirmed',
  verifiedAt: 'Confirmed on',
  phoneVerified: 'Phone confirmed',
  createdAt: 'Made on',
  updatedAt: 'Changed on',
  lastSignInAt: 'Last sign-in',
};

function textOf(expression: UserExpression): string {
  if (typeof expression === 'string') return expression;
  return 'sql' in expression ? expression.sql : `${expression.from}.${expression.column}`;
}

/** Every part of a mapping with where it is taken from, in the order of tables. */
export function mappingRows(mapping: UsersMapping): MappingRow[] {
  return mapping.sources.flatMap((source) => {
    const table = `${source.schema}.${source.name}`;
    const row = (part: string, from: string): MappingRow => ({ id: `${table} ${part}`, table, part, from });
    const metadata = (name: string, values: Readonly<Record<string, UserExpression>>): MappingRow[] =>
      Object.entries(values).map(([key, expression]) => row(`${name} metadata: ${key}`, textOf(expression)));
    return [
      row('Id', source.id),
      ...Object.entries(source.fields).map(([part, expression]) =>
        row(partNames[part] ?? part, textOf(expression)),
      ),
      ...metadata('User', source.userMetadata),
      ...metadata('App', source.appMetadata),
    ];
  });
}

/** A fact for each format of hashes: how many, and whether the password keeps working. */
export function hashFacts(
  hashes: readonly { kind: string; users: number; accepted: boolean }[],
): { label: string; value: string }[] {
  return hashes.map(({ kind, users, accepted }) => ({
    label: kind === 'none' ? 'No password' : kind,
    value: `${users.toLocaleString('en')}${accepted ? ', keeps working' : kind === 'none' ? '' : ', needs a reset'}`,
  }));
}

/** The mapping in which this user keeps what it disputes with others. */
export function keepInstead(mapping: UsersMapping, disputes: readonly Dispute[], ref: string): UsersMapping {
  const rivals = new Set(
    disputes
      .filter((one) => one.others.some((other) => other.ref === ref))
      .flatMap((one) => [one.keep.ref, ...one.others.map((other) => other.ref)]),
  );
  const keep = mapping.choices.keep.filter((kept) => !rivals.has(kept));
  return { ...mapping, choices: { ...mapping.choices, keep: [...keep, ref] } };
}

/** An edited mapping, or what is wrong with it. */
export function parseMapping(text: string): { mapping?: UsersMapping; error?: string } {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    return { error: jsonProblem(text) ?? 'It is not JSON.' };
  }
  const parsed = writtenMappingSchema.safeParse(content);
  if (parsed.success) return { mapping: parsed.data };
  const [issue] = parsed.error.issues;
  return { error: `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not of the expected form'}` };
}

interface Option {
  value: string;
  label: string;
}
/** One question to the operator. */
interface Choice {
  label: string;
  value: string;
  options: readonly Option[];
  /** All choices with this answer; undefined for an answer that is none of the options. */
  choose: (value: string) => UsersMapping['choices'] | undefined;
}

/** The choices that matter for these users, with the answer in force. */
export function usersChoices(users: NonNullable<InspectReport['users']>): Choice[] {
  const { choices } = users.mapping;
  const choice = (
    name: 'inactive' | 'unverified' | 'clashes' | 'triggers' | 'otherIds',
    label: string,
    options: readonly Option[],
  ): Choice => ({
    label,
    value: choices[name],
    options,
    choose: (value) => userChoicesSchema.safeParse({ ...choices, [name]: value }).data,
  });
  return [
    choice('inactive', 'Users who are not active', [
      { value: 'ban', label: 'come banned' },
      { value: 'skip', label: 'are left out' },
      { value: 'import', label: 'are let in' },
    ]),
    choice('unverified', 'Addresses that were not verified', [
      { value: 'unconfirmed', label: 'stay unconfirmed' },
      { value: 'confirm', label: 'count as confirmed' },
    ]),
    choice('clashes', 'Addresses that somebody has at Supabase already', [
      { value: 'refuse', label: 'stop the run before it writes' },
      { value: 'skip', label: 'are left out' },
    ]),
    ...(users.triggers.length === 0
      ? []
      : [
          choice('triggers', `Triggers on auth.users (${users.triggers.join(', ')})`, [
            { value: 'skip', label: 'do not fire for imported users' },
            { value: 'fire', label: 'fire for imported users' },
          ]),
        ]),
    ...(users.ids.every((one) => one.kept)
      ? []
      : [
          choice('otherIds', 'Ids that are no uuid', [
            { value: 'bridge', label: 'stay; the users table gets a column with the uuid' },
            { value: 'follow', label: 'stay; every table that points at them gets a column with the uuid' },
            { value: 'leave', label: 'stay; only the map knows the uuid' },
          ]),
        ]),
  ];
}
