import { AppError } from '#shared/model/errors';
import {
  type LoadCheck,
  type LoadDifference,
  loadCheckSchema,
  type LoadMoment,
  type LoadResult,
  type LoadToken,
} from '#shared/model/load-check';
import { formatCount } from '../../ui/format';
import { csvLine, formatMs } from './health.logic';

export const tokenNames: Record<LoadToken, string> = {
  none: 'No token',
  canary: 'The canary user’s, after a sign-in',
  setting: 'The one of the health settings',
};

export const momentNames: Record<LoadMoment, string> = {
  before: 'Before the cutover',
  after: 'After the cutover',
  other: 'Neither',
};

/** What stands in the form, as typed. */
export interface LoadForm {
  origin: string;
  paths: string;
  users: string;
  seconds: string;
  rampSeconds: string;
  p95Ms: string;
  token: LoadToken;
  moment: LoadMoment;
}

/** The load check that the form describes, or what is wrong with it, by field. */
export function parseForm(
  form: LoadForm,
): { check: LoadCheck } | { wrong: Partial<Record<keyof LoadForm, string>> } {
  const given = loadCheckSchema.safeParse({
    origin: form.origin.trim().replace(/\/$/, ''),
    paths: form.paths.split(/\s+/).filter((path) => path !== ''),
    users: wholeNumber(form.users),
    seconds: wholeNumber(form.seconds),
    rampSeconds: wholeNumber(form.rampSeconds),
    token: form.token,
    moment: form.moment,
    goal: { p95Ms: wholeNumber(form.p95Ms), errorShare: 0 },
  });
  if (given.success) return { check: given.data };
  const texts: Record<string, [keyof LoadForm, string]> = {
    origin: ['origin', 'Give scheme and host only: https://api.example.com'],
    paths: ['paths', 'One to 20 routes, each beginning with /.'],
    users: ['users', 'From 1 to 1000, and at least one for each route.'],
    seconds: ['seconds', 'From 2 to 300.'],
    rampSeconds: ['rampSeconds', 'From 0 to 120.'],
    goal: ['p95Ms', 'From 1 to 60000.'],
  };
  const wrong: Partial<Record<keyof LoadForm, string>> = {};
  for (const { path } of given.error.issues) {
    const [field, text] = texts[String(path[0])] ?? ['origin', 'This can’t be read.'];
    wrong[field] = text;
  }
  return { wrong };
}

function wholeNumber(text: string): number {
  return /^\d{1,6}$/.test(text.trim()) ? Number(text) : Number.NaN;
}

/** The host that has to be named before it is loaded, when that is why a start was refused. */
export function hostToName(error: unknown): string | undefined {
  return error instanceof AppError && error.code === 'LOAD_NEEDS_CONSENT' ? error.details?.host : undefined;
}

const figureNames: Record<LoadDifference['figure'], string> = {
  p50: 'p50',
  p95: 'p95',
  p99: 'p99',
  perSecond: 'requests/s',
  errors: 'errors',
};

/** A difference as a line of a table, with how much it changed. */
export function differenceLine({ of, figure, before, after }: LoadDifference) {
  const shown = (value: number | undefined) =>
    figure === 'perSecond' || figure === 'errors' ? formatCount(value ?? 0) : formatMs(value);
  const change =
    before === undefined || after === undefined || before === 0 ? '–' : percent((after - before) / before);
  return {
    id: `${of} ${figure}`,
    route: of === 'all' ? 'All routes' : of,
    figure: figureNames[figure],
    before: shown(before),
    after: shown(after),
    change,
  };
}

function percent(share: number): string {
  const whole = Math.round(Math.abs(share) * 100);
  return whole === 0 ? '0%' : `${share > 0 ? '+' : '−'}${whole}%`;
}

/** A result as comma-separated values, a route a line. */
export function resultCsv(result: LoadResult): string {
  const lines = [...result.routes, { ...result.total, path: 'all', users: result.check.users }].map(
    ({ path, users, requests, perSecond, errors, p50, p95, p99, max }) =>
      csvLine([path, users, requests, perSecond, errors, p50, p95, p99, max]),
  );
  return ['path,users,requests,per_second,errors,p50_ms,p95_ms,p99_ms,max_ms', ...lines, ''].join('\n');
}
