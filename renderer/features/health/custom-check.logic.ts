import { type CustomCheck, customCheckSchema } from '#shared/model/health';

export const kindNames: Record<CustomCheck['kind'], string> = {
  http: 'Web address',
  tcp: 'TCP port',
  sql: 'SQL value',
};

/** A check as it is typed. */
export interface CheckDraft {
  kind: CustomCheck['kind'];
  title: string;
  url: string;
  status: string;
  contains: string;
  host: string;
  port: string;
  database: 'source' | 'target';
  query: string;
  min: string;
  max: string;
  intervalSeconds: string;
}

export const emptyDraft: CheckDraft = {
  kind: 'http',
  title: '',
  url: '',
  status: '200',
  contains: '',
  host: '',
  port: '',
  database: 'target',
  query: '',
  min: '',
  max: '',
  intervalSeconds: '30',
};

const texts: Partial<Record<keyof CheckDraft, string>> = {
  title: 'Give it a name of 80 characters at most.',
  url: 'Give a web address with http:// or https://.',
  status: 'From 100 to 599.',
  contains: '200 characters at most.',
  host: 'Give a name or an address.',
  port: 'From 1 to 65535.',
  query: 'Give one statement.',
  min: 'Give a number or nothing.',
  max: 'Give a number or nothing.',
  intervalSeconds: 'From 5 to 86400.',
};

/** The check that is meant, or what is wrong with it by field. `taken`: ids that others have. */
export function parseCustomCheck(
  draft: CheckDraft,
  taken: readonly string[],
): { check: CustomCheck } | { wrong: Partial<Record<keyof CheckDraft, string>> } {
  const { kind, title, url, host, database, query, contains } = draft;
  const optional = (name: 'min' | 'max') =>
    draft[name].trim() === '' ? {} : { [name]: numberOf(draft[name]) };
  const parsed = customCheckSchema.safeParse({
    kind,
    id: freeId(title, taken),
    title: title.trim(),
    url: url.trim(),
    status: numberOf(draft.status),
    ...(contains === '' ? {} : { contains }),
    host: host.trim(),
    port: numberOf(draft.port),
    database,
    query: query.trim(),
    ...optional('min'),
    ...optional('max'),
    intervalSeconds: numberOf(draft.intervalSeconds),
  });
  if (parsed.success) return { check: parsed.data };
  const wrong: Partial<Record<keyof CheckDraft, string>> = {};
  for (const { path } of parsed.error.issues) {
    const field = fieldNames.find((name) => name === path[0]) ?? 'title';
    wrong[field] = texts[field] ?? 'This can’t be read.';
  }
  return { wrong };
}

const fieldNames = [
  'title',
  'url',
  'status',
  'contains',
  'host',
  'port',
  'query',
  'min',
  'max',
  'intervalSeconds',
] as const;

function numberOf(text: string): number {
  return text.trim() === '' ? Number.NaN : Number(text);
}

/** An id made of the title that no other check has: its history belongs to it. */
function freeId(title: string, taken: readonly string[]): string {
  const base =
    title
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 36) || 'check';
  for (let count = 1; ; count += 1) {
    const id = count === 1 ? base : `${base}-${count}`;
    if (!taken.includes(id)) return id;
  }
}

/** What a check looks at, in one line. */
export function summaryOf(check: CustomCheck): string {
  const every = `every ${check.intervalSeconds} s`;
  switch (check.kind) {
    case 'http':
      return `${check.url}, ${every}`;
    case 'tcp':
      return `${check.host}:${check.port}, ${every}`;
    case 'sql':
      return `${check.query}, ${every}`;
  }
}
