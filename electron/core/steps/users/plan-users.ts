import { counted } from '#shared/model/counted';
import type { StepPlan, Warning } from '#shared/model/run';
import { userChoicesSchema, userSourceSchema } from '#shared/model/users-mapping';
import { z } from 'zod';
import { tableLabel } from '../common/tables';
import { oldIdMark } from './api-users';
import { isLeftOut, userExceptionSchema, type UserException } from './source-users';

export const resolvedMappingSchema = z.object({
  version: z.literal(1),
  sources: z.array(userSourceSchema.safeExtend({ idType: z.string(), idKind: z.enum(['uuid', 'mapped']) })),
  choices: userChoicesSchema,
});

export const usersPlanSchema = z.object({
  /** Through the tables of the Auth service, or by its admin API where no database is set up. */
  way: z.enum(['sql', 'api']),
  /** Null when no table of users was found. */
  mapping: resolvedMappingSchema.nullable(),
  /** To two digits, so that a sign-up on a live source does not change the plan every time. */
  about: z.number(),
  exceptions: z.array(userExceptionSchema),
  /** Hash formats that the Auth service can't verify. */
  refused: z.array(z.string()),
  /** Triggers of the application on `auth.users`. */
  triggers: z.array(z.string()),
});
export type UsersPlan = z.infer<typeof usersPlanSchema>;

/** A number to two digits. */
export function roughly(count: number): number {
  const magnitude = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, count))) - 1);
  return Math.round(count / magnitude) * magnitude;
}

/** Some of a list, for a sentence. */
export const listed = (items: readonly string[]): string =>
  `${items.slice(0, 20).join(', ')}${items.length > 20 ? ', …' : ''}`;

/** A user in a message: the table is told only when there are several. */
const idsOf = (exceptions: readonly UserException[]): string[] => {
  const several = new Set(exceptions.map((one) => one.source)).size > 1;
  return exceptions.map((one) => (several ? `${one.source}:${one.key}` : one.key));
};

const sentences: Record<UserException['reason'], { code: string; message: string; hint?: string }> = {
  duplicate: {
    code: 'USERS_CASE_DUPLICATES',
    message:
      'are not imported, because another one with the same address (but for letter case) or number keeps it',
    hint: 'Their rows stay in the users table. Choose another one to keep in the mapping, merge them, or give them another address.',
  },
  'no-address': {
    code: 'USERS_WITHOUT_EMAIL',
    message: 'have neither an address nor a number with its country and are not imported',
  },
  'invalid-email': {
    code: 'USERS_EMAIL_INVALID',
    message: 'have an address that Supabase Auth refuses and are not imported',
    hint: 'Correct the addresses at the source, then plan again.',
  },
  inactive: { code: 'USERS_INACTIVE_LEFT_OUT', message: 'are not active and are left out, as chosen' },
  taken: {
    code: 'USERS_ADDRESS_TAKEN',
    message: 'are left out, as chosen, because somebody at the Auth service has their address already',
  },
  'phone-duplicate': {
    code: 'USERS_PHONE_DUPLICATES',
    message: 'come without their number, because another user keeps it',
  },
  'email-dropped': {
    code: 'USERS_EMAIL_DROPPED',
    message: 'come with their number only, because Supabase Auth refuses their address',
  },
};

const apiLimits: Warning = {
  code: 'USERS_BY_API',
  message:
    'SUPABASE_DB_URL is not set, so users are made one by one by the admin API: it is slower, the dates of creation and of the last sign-in are not kept, triggers on auth.users fire, and who was deleted at Supabase comes again with the next run. Users without a usable hash get a password that nobody knows and have to ask for a reset themselves.',
  hint: 'Enter the database URL under Connections to import by SQL.',
};

/** What an operator should know of a plan before and after the import. */
export function planWarnings({ way, exceptions, refused, triggers, mapping }: UsersPlan): Warning[] {
  const warnings: Warning[] = way === 'api' ? [apiLimits] : [];
  for (const [reason, { code, message, hint }] of Object.entries(sentences)) {
    const of = exceptions.filter((one) => one.reason === reason);
    if (of.length === 0) continue;
    warnings.push({
      code,
      message: `${of.length} users ${message}: ${listed(idsOf(of))}.`,
      ...(hint === undefined ? {} : { hint }),
    });
  }
  if (refused.length > 0) {
    warnings.push({
      code: 'USERS_HASH_REFUSED',
      message: `Password hashes of the kind ${refused.join(', ')} can not be verified by the Auth service; those users arrive without a password.`,
      ...(way === 'api'
        ? {}
        : {
            hint: 'They choose a new one by a reset mail, which nobody gets by itself: Users, More, Reset mails, or cutover users reset-mails.',
          }),
    });
  }
  if (triggers.length > 0) {
    const fire = mapping?.choices.triggers === 'fire';
    warnings.push({
      code: 'USERS_AUTH_TRIGGERS',
      message: `auth.users has triggers of the application: ${listed(triggers)}. They ${fire ? 'fire for every imported user, as chosen' : 'do not fire for imported users'}.`,
      ...(fire
        ? {}
        : { hint: 'Rows that they would have made must come with the database, or be made afterwards.' }),
    });
  }
  return warnings;
}

/** A plan as an operator reads it. */
export function describeUsersPlan(
  plan: UsersPlan,
): Pick<StepPlan, 'summary' | 'details' | 'warnings' | 'units'> {
  const { mapping } = plan;
  if (mapping === null) {
    return { summary: 'No table of users was found.', details: [], warnings: [], units: [] };
  }
  const { choices } = mapping;
  const left = plan.exceptions.filter(({ reason }) => isLeftOut(reason)).length;
  const named = mapping.sources.map(tableLabel).join(' and ');
  const ids = mapping.sources.every((source) => source.idKind === 'uuid')
    ? 'ids and passwords stay'
    : 'passwords stay';
  return {
    summary: `Import about ${counted(plan.about, 'user')} of ${named} into Supabase Auth${plan.way === 'api' ? ' by the admin API' : ''}${left === 0 ? '' : `, ${left} left out`}; ${ids}.`,
    details: [
      ...mapping.sources.flatMap((source) => {
        const prefix = mapping.sources.length > 1 ? `${tableLabel(source)}: ` : '';
        const told = Object.entries(source.fields).map(
          ([part, expression]) => `${prefix}${part} from ${showExpression(expression)}`,
        );
        const metadata = (name: string, values: Readonly<Record<string, unknown>>): string[] =>
          Object.keys(values).length === 0
            ? []
            : [`${prefix}${name} metadata: ${Object.keys(values).join(', ')}`];
        return [
          ...told,
          ...metadata('user', source.userMetadata),
          ...metadata('app', source.appMetadata),
          ...(source.idKind === 'uuid'
            ? []
            : [
                `${prefix}ids of type ${source.idType} get a uuid${plan.way === 'sql' ? '; cutover.imported_users keeps which is which' : ` made of table and id, the same in every run; app metadata keeps the old one as ${oldIdMark}`}.`,
              ]),
        ];
      }),
      choices.inactive === 'ban'
        ? 'Users who are not active are banned.'
        : choices.inactive === 'skip'
          ? 'Users who are not active are left out.'
          : 'Users who are not active are let in.',
      choices.unverified === 'confirm'
        ? 'Unverified addresses are confirmed.'
        : 'Unverified addresses stay unconfirmed.',
    ],
    warnings: planWarnings(plan),
    units: [],
  };
}

/** Where a value comes from, for reading. */
export function showExpression(
  expression: string | { sql: string } | { from: string; column: string },
): string {
  if (typeof expression === 'string') return expression;
  return 'sql' in expression ? expression.sql : `${expression.from}.${expression.column}`;
}
