import type { BucketAccess } from '#shared/contract/access';
import type { LinkAnswer, LinkColumnView, LinkFindings, LinkRewrite } from '#shared/contract/links';
import { formatCount, plural } from '../../ui/format';
import type { Tone } from '../../ui/tag';

/** A column's full name. */
export const columnName = ({ schema, table, column }: LinkColumnView): string =>
  `${schema}.${table}.${column}`;

const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, number) => sum + number, 0);

/** Links of a column that stay as they are. */
export const linksLeft = ({ left }: LinkColumnView): number => sumOf(Object.values(left));

const fixedTexts: Record<NonNullable<LinkColumnView['fixed']>, string> = {
  generated: 'The server computes it: it follows by itself',
  'foreign-key': 'Rows point at each other by it: it stays',
  type: 'Its type is not rewritten: change it by hand',
  'materialized-view': 'Filled again after the rewrite',
};

const leftTexts: Record<keyof LinkColumnView['left'], string> = {
  'no-bucket': 'name no bucket',
  'unknown-bucket': 'name a bucket that the source does not have',
  'no-public-address': 'lead to a bucket without a public address',
  'unsafe-path': 'have a path that browsers fold to another one',
};

/** What a rewrite leaves of a column, and why. */
export function columnNote(column: LinkColumnView): string {
  const left = (['no-bucket', 'unknown-bucket', 'no-public-address', 'unsafe-path'] as const).flatMap(
    (reason) => {
      const count = column.left[reason] ?? 0;
      return count === 0 ? [] : [`${formatCount(count)} ${leftTexts[reason]}`];
    },
  );
  return [...(column.fixed === undefined ? [] : [fixedTexts[column.fixed]]), ...left].join(' · ');
}

/** What was found, in one line. */
export function findingsSummary({ columns, tables }: LinkFindings): string {
  const rewritten = columns.filter(({ fixed }) => fixed === undefined);
  const links = sumOf(rewritten.map((column) => column.links));
  if (columns.length === 0) return `No link in ${plural(tables, 'table')}`;
  return `${plural(links, 'link')} in ${plural(rewritten.length, 'column')} of ${plural(tables, 'table')}`;
}

/** How many links a rewrite would replace. */
export const rewritable = ({ columns }: LinkFindings): number =>
  sumOf(columns.map((column) => (column.fixed === undefined ? column.links : 0)));

/** Where a rewrite stands. */
export function rewriteState({ rows, undone, left }: LinkRewrite): { label: string; tone: Tone } {
  if (undone === 0 && left === 0) return { label: 'In force', tone: 'ok' };
  if (undone + left < rows) return { label: 'Partly undone', tone: 'warn' };
  return left === 0 ? { label: 'Undone', tone: 'idle' } : { label: 'Undone, some rows left', tone: 'warn' };
}

/** What the public addresses said, for people. */
export const answerTexts: Record<LinkAnswer['outcome'], { label: string; tone: Tone }> = {
  answers: { label: 'Answers', tone: 'ok' },
  missing: { label: 'Not found', tone: 'bad' },
  refused: { label: 'Refused', tone: 'bad' },
  redirects: { label: 'Redirects', tone: 'warn' },
  fails: { label: 'Fails', tone: 'bad' },
};

/** Origins that an operator typed, separated by blanks or commas; those that are none are named. */
export function originsOf(text: string): { origins: string[]; wrong: string[] } {
  const words = text.split(/[\s,]+/).filter((word) => word !== '');
  const origins = words.flatMap((word) =>
    URL.canParse(word) && /^https?:$/.test(new URL(word).protocol) ? [new URL(word).origin] : [],
  );
  const wrong = words.filter((word) => !(URL.canParse(word) && /^https?:$/.test(new URL(word).protocol)));
  return { origins: [...new Set(origins)], wrong };
}

/** A CORS rule in a sentence. */
export const ruleText = ({
  origins,
  methods,
}: {
  origins: readonly string[];
  methods: readonly string[];
}): string => `${origins.join(', ')} may ${methods.join(', ')}`;

/** Buckets on R2 whose rules are not the proposed ones. */
export const differingRules = (buckets: readonly BucketAccess[]): string[] =>
  buckets.flatMap(({ exists, target, current, proposed }) =>
    exists && JSON.stringify(current) !== JSON.stringify(proposed) ? target : [],
  );

/** How the rules of all buckets stand to the proposed ones. */
export function rulesSummary(buckets: readonly BucketAccess[]): string {
  if (!buckets.some(({ exists }) => exists)) return 'No bucket is on R2 yet. Copy the files first.';
  const { length } = differingRules(buckets);
  return length === 0
    ? 'Every bucket on R2 has the proposed rules.'
    : `${plural(length, 'bucket')} on R2 ${length === 1 ? 'has' : 'have'} other rules than proposed.`;
}
