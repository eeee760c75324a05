import { AppError, toAppError } from '#shared/model/errors';
import {
  beforeAndAfter,
  compareLoad,
  type LoadCheck,
  loadCheckDefaults as usual,
  loadCheckSchema,
  type LoadDifference,
  type LoadFigures,
  type LoadMoment,
  type LoadResult,
  type LoadToken,
} from '#shared/model/load-check';
import type { CommandContext } from '../context';
import { type ExitCode, exitCodes } from '../exit-codes';
import { confirmTyped } from '../prompt';
import { type Session, type SessionOptions, withSession } from '../session';
import { table } from '../text';

export interface LoadCheckOptions {
  origin?: string;
  path?: string[];
  users?: number;
  seconds?: number;
  ramp?: number;
  goalP95?: number;
  token?: LoadToken;
  moment?: LoadMoment;
  consent?: string;
  compare?: boolean;
}

/** Puts load on routes and measures. Exit code 1 when the goal is missed, 3 when nothing was loaded. */
export function loadCheck(
  context: CommandContext,
  options: SessionOptions & LoadCheckOptions,
): Promise<ExitCode> {
  return withSession(context, options, { secrets: 'ask' }, async (session) =>
    options.compare === true ? compare(context, session) : measure(context, session, options),
  );
}

async function measure(
  context: CommandContext,
  { handlers }: Session,
  options: LoadCheckOptions,
): Promise<ExitCode> {
  const { output, signal } = context;
  const { own } = await handlers['load.overview']({}, { signal });
  const check = checkOf(options, own[0]);
  const { id } = await begin(context, { handlers }, check, options.consent);
  const stop = () => void handlers['load.stop']({ id }, { signal: new AbortController().signal });
  signal.addEventListener('abort', stop, { once: true });
  // Its own signal: what a cancelled one has measured is shown as well.
  const watching = { after: -1, signal: new AbortController().signal };
  for await (const { event } of handlers['load.watch']({ id }, watching)) {
    switch (event.type) {
      case 'tick': {
        const { phase, users, recent } = event.tick;
        output.progress(
          `${phase === 'ramp' ? 'Users come' : 'Measuring'}: ${users} users, ${Math.round(recent.perSecond)} requests/s, p95 ${ms(recent.p95)}, ${recent.errors} errors`,
        );
        break;
      }
      case 'failed':
        throw toAppError(event.error);
      case 'result':
        signal.removeEventListener('abort', stop);
        await output.document(event.result);
        print(context, event.result);
        if (event.result.outcome === 'cancelled') return exitCodes.cancelled;
        return event.result.passed ? exitCodes.done : exitCodes.failed;
    }
  }
  throw new AppError('INTERNAL', 'The load check ended without a result.');
}

function checkOf(options: LoadCheckOptions, backend: string | undefined): LoadCheck {
  const origin = options.origin ?? backend;
  if (origin === undefined) {
    throw new AppError('SETTING_MISSING', 'There is no host to load.', {
      hint: 'Give --origin, or set APP_BACKEND_URL.',
      details: { setting: 'APP_BACKEND_URL' },
    });
  }
  const given = loadCheckSchema.safeParse({
    origin: origin.replace(/\/$/, ''),
    paths: options.path ?? usual.paths,
    users: options.users ?? usual.users,
    seconds: options.seconds ?? usual.seconds,
    rampSeconds: options.ramp ?? usual.rampSeconds,
    token: options.token ?? usual.token,
    moment: options.moment ?? usual.moment,
    goal: { ...usual.goal, p95Ms: options.goalP95 ?? usual.goal.p95Ms },
  });
  if (given.success) return given.data;
  const [issue] = given.error.issues;
  throw new AppError(
    'INVALID_INPUT',
    `${issue?.path.join('.') ?? 'The load check'}: ${issue?.message ?? 'wrong'}`,
    {
      hint: 'An origin is a scheme and a host (https://api.example.com), a path begins with / and there are no more paths than users.',
    },
  );
}

async function begin(
  { output, signal, terminal }: CommandContext,
  { handlers }: Pick<Session, 'handlers'>,
  check: LoadCheck,
  consent: string | undefined,
): Promise<{ id: string }> {
  const start = (given: string | undefined) =>
    handlers['load.start']({ check, ...(given === undefined ? {} : { consent: given }) }, { signal });
  try {
    return await start(consent);
  } catch (error) {
    const { code, message, details } = toAppError(error);
    const host = details?.host;
    if (code !== 'LOAD_NEEDS_CONSENT' || terminal === undefined || host === undefined) throw error;
    output.note(`${message} ${check.users} users would ask it for ${check.seconds} s.`);
    const typed = await confirmTyped(terminal, `If it is yours to load, type ${host}: `, host, signal);
    if (!typed) throw error;
    return start(host);
  }
}

function print({ output }: CommandContext, result: LoadResult): void {
  const row = (name: string, { requests, perSecond, p50, p95, p99, errors }: LoadFigures) => [
    name,
    String(requests),
    perSecond.toFixed(0),
    ms(p50),
    ms(p95),
    ms(p99),
    String(errors),
  ];
  const rows = [
    ['route', 'requests', 'per s', 'p50', 'p95', 'p99', 'errors'],
    ...result.routes.map((route) => row(route.path, route)),
    row('all', result.total),
  ];
  for (const line of table(rows)) output.line(line);
  output.line(
    result.passed
      ? output.paint('good', `Passed: p95 within ${result.check.goal.p95Ms} ms, no errors.`)
      : output.paint('bad', 'Not passed.'),
  );
  for (const reason of result.reasons) output.line(`  ${reason}`);
}

async function compare({ output, signal }: CommandContext, { handlers }: Session): Promise<ExitCode> {
  const { results } = await handlers['load.overview']({}, { signal });
  const pair = beforeAndAfter(results);
  if (pair === undefined) {
    throw new AppError('NOT_FOUND', 'There are not yet two load checks to lay side by side.', {
      hint: 'Run cutover loadcheck with --moment before, and after the cutover the same with --moment after.',
    });
  }
  const rows = compareLoad(pair.before, pair.after);
  await output.document({ ...pair, differences: rows });
  const shown = rows.map(({ of, figure, before, after }) => [
    of,
    figure,
    valueOf(figure, before),
    valueOf(figure, after),
  ]);
  for (const line of table([['route', 'figure', 'before', 'after'], ...shown])) output.line(line);
  return pair.after.passed ? exitCodes.done : exitCodes.failed;
}

function valueOf(figure: LoadDifference['figure'], value: number | undefined): string {
  if (value === undefined) return '–';
  return figure === 'errors' || figure === 'perSecond' ? value.toFixed(0) : ms(value);
}

function ms(value: number | undefined): string {
  return value === undefined ? '–' : `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}
