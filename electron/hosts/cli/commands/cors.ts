import type { BucketAccess } from '#shared/contract/access';
import { AppError } from '#shared/model/errors';
import type { CommandContext } from '../context';
import { type ExitCode, exitCodes } from '../exit-codes';
import type { Output } from '../output';
import { confirm } from '../prompt';
import { type SessionOptions, withSession } from '../session';

export interface CorsOptions extends SessionOptions {
  origin?: string[];
  uploads?: boolean;
  bucket?: string[];
  yes?: boolean;
}

const wishOf = ({ origin = [], uploads = false }: CorsOptions) => ({
  origins: origin.map((text) => {
    if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return new URL(text).origin;
    throw new AppError('INVALID_INPUT', `${text} is not an origin.`, {
      hint: 'Give scheme and host: https://app.example.com',
    });
  }),
  uploads,
});

/** Shows which buckets were public, what to do on R2, and the CORS rules of both sides. Reads only. */
export function showCors(context: CommandContext, options: CorsOptions): Promise<ExitCode> {
  const { output, signal } = context;
  return withSession(context, options, { secrets: 'ask' }, async ({ handlers }) => {
    const buckets = await handlers['access.show'](wishOf(options), { signal });
    await output.document(buckets);
    for (const bucket of buckets) printBucket(output, bucket);
    return exitCodes.done;
  });
}

function printBucket(output: Output, bucket: BucketAccess): void {
  const access = bucket.public ? output.paint('warn', 'public') : 'private';
  output.line(
    `${output.paint('bold', bucket.bucket)} → ${bucket.target}  ${access}  ${bucket.address ?? 'no public address'}`,
  );
  for (const todo of bucket.todo) output.line(`  ${todo}`);
  printRules(output, 'on R2', bucket.current);
  printRules(output, 'proposed', bucket.proposed);
}

function printRules(output: Output, label: string, rules: BucketAccess['current']): void {
  if (rules.length === 0) output.line(`  CORS ${label}: none`);
  for (const { origins, methods } of rules)
    output.line(`  CORS ${label}: ${origins.join(', ')} may ${methods.join(', ')}`);
}

/** Sets the proposed CORS rules on R2. */
export function applyCors(context: CommandContext, options: CorsOptions): Promise<ExitCode> {
  const { output, signal, terminal } = context;
  return withSession(context, options, { secrets: 'ask' }, async ({ handlers }) => {
    const wish = wishOf(options);
    const buckets = (await handlers['access.show'](wish, { signal })).filter(
      ({ target, bucket, exists, proposed }) =>
        exists &&
        proposed.length > 0 &&
        (options.bucket === undefined || options.bucket.some((name) => name === target || name === bucket)),
    );
    if (buckets.length === 0) {
      throw new AppError('INVALID_INPUT', 'There is no rule to set on a bucket that is on R2.', {
        hint: 'Name the application’s origin: --origin https://app.example.com',
      });
    }
    for (const bucket of buckets) printBucket(output, bucket);
    if (options.yes !== true) {
      if (terminal === undefined || output.json) {
        throw new AppError(
          'INVALID_INPUT',
          'This replaces CORS rules on R2, and there is no terminal to ask on.',
          {
            hint: 'Add --yes.',
          },
        );
      }
      if (!(await confirm(terminal, 'Replace the CORS rules on R2 with the proposed ones?', signal)))
        return exitCodes.cancelled;
    }
    const targets = buckets.map(({ target }) => target);
    const done = await handlers['access.apply']({ ...wish, targets }, { signal });
    await output.document(done);
    output.line(`Set on ${done.applied.join(', ')}. R2 takes up to half a minute to heed them.`);
    return exitCodes.done;
  });
}

/** Sends preflights as a browser would; exit code 4 when one is refused. */
export function testCors(context: CommandContext, options: CorsOptions): Promise<ExitCode> {
  const { output, signal } = context;
  return withSession(context, options, { secrets: 'ask' }, async ({ handlers }) => {
    const wish = wishOf(options);
    if (wish.origins.length === 0) {
      throw new AppError('INVALID_INPUT', 'There is no origin to ask for.', {
        hint: 'Name the application’s origin: --origin https://app.example.com',
      });
    }
    const answers = await handlers['access.test'](wish, { signal });
    await output.document(answers);
    for (const { allowed, method, url, origin, answer } of answers) {
      output.line(
        `${output.paint(allowed ? 'good' : 'bad', allowed ? 'allowed' : 'refused')}  ${method} ${url} for ${origin}`,
      );
      output.line(`  ${answer}`);
    }
    return answers.every(({ allowed }) => allowed) ? exitCodes.done : exitCodes.differs;
  });
}
