import type { DeployAction, ReleaseSource } from '#shared/contract/deploy';
import { deployEventSchema, type DeployEvent, releaseIdSchema } from '#shared/model/deploy';
import { AppError } from '#shared/model/errors';
import type { CommandContext } from '../context';
import { type ExitCode, exitCodeOfError, exitCodes } from '../exit-codes';
import { confirm } from '../prompt';
import { type Session, type SessionOptions, withSession } from '../session';
import { table } from '../text';

export interface SourceCommandOptions extends SessionOptions {
  dir?: string;
  composeFile?: string;
  productionEnvFile?: string;
}

export interface ApplyCommandOptions extends SourceCommandOptions {
  probe: string[];
  migrate?: { service: string; command: string[] };
  limit: number;
  prune?: boolean;
  yes?: boolean;
}

export interface LogsCommandOptions extends SessionOptions {
  tail: number;
  follow?: boolean;
  search?: string;
}

interface Confirmed extends SessionOptions {
  yes?: boolean;
}

const sourceOf = (options: SourceCommandOptions): ReleaseSource => ({
  ...(options.dir === undefined ? {} : { folder: options.dir }),
  ...(options.composeFile === undefined ? {} : { composeFile: options.composeFile }),
  ...(options.productionEnvFile === undefined ? {} : { envFile: options.productionEnvFile }),
});

/** Tells whether the host is ready; exit code 3 when something stands in the way. */
export function preflight(context: CommandContext, options: SessionOptions): Promise<ExitCode> {
  const { output, signal } = context;
  return withSession(context, options, { secrets: 'ask' }, async ({ handlers }) => {
    const findings = await handlers['deploy.preflight']({}, { signal });
    await output.document(findings);
    const tones = { ok: 'good', warning: 'warn', blocker: 'bad' } as const;
    for (const { severity, title, message, hint } of findings) {
      output.line(`${output.paint(tones[severity], severity.padEnd(8))} ${title}: ${message}`);
      if (hint !== undefined) output.line(`         ${hint}`);
    }
    return findings.some(({ severity }) => severity === 'blocker') ? exitCodes.refused : exitCodes.done;
  });
}

/** Shows what a release would change. */
export function plan(context: CommandContext, options: SourceCommandOptions): Promise<ExitCode> {
  return withSession(context, options, { secrets: 'ask' }, async (session) => {
    const planned = await showPlan(context, session, options);
    await context.output.document(planned);
    return exitCodes.done;
  });
}

async function showPlan(
  { output, signal }: CommandContext,
  { handlers }: Session,
  options: SourceCommandOptions,
) {
  const planned = await handlers['deploy.plan'](sourceOf(options), { signal });
  const rows = planned.services.map(({ service, change, differences }) => [
    service,
    change,
    differences.join(', '),
  ]);
  for (const line of table([['service', 'change', ''], ...rows])) output.line(line);
  for (const { service, name, change } of planned.environment)
    output.line(`  ${service}: ${name} is ${change}`);
  for (const { service, message } of planned.warnings)
    output.line(output.paint('warn', `${service === undefined ? '' : `${service}: `}${message}`));
  return planned;
}

/** Plans, asks and releases. */
export function apply(context: CommandContext, options: ApplyCommandOptions): Promise<ExitCode> {
  return withSession(context, options, { secrets: 'ask' }, async (session) => {
    if (options.yes !== true) {
      await showPlan(context, session, options);
      if (!(await agreed(context, options, 'Release this?'))) return exitCodes.cancelled;
    }
    return perform(context, session, {
      kind: 'apply',
      source: sourceOf(options),
      probes: options.probe,
      prune: options.prune === true,
      limitSeconds: options.limit,
      ...(options.migrate === undefined ? {} : { migration: options.migrate }),
    });
  });
}

/** Makes a kept release serve again; without one, the newest that served before the live one. */
export function rollback(
  context: CommandContext,
  release: string | undefined,
  options: Confirmed,
): Promise<ExitCode> {
  return withSession(context, options, { secrets: 'ask' }, async (session) => {
    const chosen = releaseIdSchema.safeParse(release ?? (await previousRelease(context, session)));
    if (!chosen.success) {
      throw new AppError('RELEASE_NOT_FOUND', 'There is no such release.', {
        hint: 'List the releases with cutover deploy status.',
      });
    }
    if (!(await agreed(context, options, `Let ${chosen.data} serve again?`))) return exitCodes.cancelled;
    return perform(context, session, { kind: 'rollback', release: chosen.data });
  });
}

async function previousRelease(
  { signal }: CommandContext,
  { handlers }: Session,
): Promise<string | undefined> {
  const { releases } = await handlers['deploy.status']({}, { signal });
  return releases.find(({ state }) => state === 'replaced')?.id;
}

/** Sets how many of a service run. */
export function scale(
  context: CommandContext,
  service: string,
  replicas: number,
  options: Confirmed,
): Promise<ExitCode> {
  return withSession(context, options, { secrets: 'ask' }, async (session) => {
    const question = replicas === 0 ? `Stop ${service}?` : `Run ${replicas} of ${service}?`;
    if (!(await agreed(context, options, question))) return exitCodes.cancelled;
    return perform(context, session, { kind: 'scale', service, replicas });
  });
}

/** Replaces the containers of a service. */
export function restart(context: CommandContext, service: string, options: Confirmed): Promise<ExitCode> {
  return withSession(context, options, { secrets: 'ask' }, async (session) => {
    if (!(await agreed(context, options, `Restart ${service}?`))) return exitCodes.cancelled;
    return perform(context, session, { kind: 'restart', service });
  });
}

/** Makes the host a Swarm manager. */
export function initSwarm(context: CommandContext, options: Confirmed): Promise<ExitCode> {
  const { output, signal } = context;
  return withSession(context, options, { secrets: 'ask' }, async ({ handlers }) => {
    if (!(await agreed(context, options, 'Initialise Swarm on the host?'))) return exitCodes.cancelled;
    await handlers['deploy.initialiseSwarm']({}, { signal });
    await output.document({ swarm: 'active' });
    output.line('The host manages a swarm of its own.');
    return exitCodes.done;
  });
}

/** Lists services and releases. */
export function status(context: CommandContext, options: SessionOptions): Promise<ExitCode> {
  const { output, signal } = context;
  return withSession(context, options, { secrets: 'ask' }, async ({ handlers }) => {
    const found = await handlers['deploy.status']({}, { signal });
    await output.document(found);
    if (found.services.length === 0) output.line(`Nothing runs in the stack ${found.stack} yet.`);
    else {
      const rows = found.services.map((service) => [
        service.name,
        `${service.replicas.running}/${service.replicas.desired}`,
        service.health,
        service.image.replace(/@sha256:.*/, ''),
        service.update?.state ?? '',
      ]);
      for (const line of table([['service', 'running', 'health', 'image', 'last change'], ...rows]))
        output.line(line);
    }
    for (const { name, failures } of found.services)
      for (const { at, message } of failures) output.line(output.paint('dim', `${name} ${at}: ${message}`));
    const releases = found.releases.map(({ id, state, by }) => [id, state, by]);
    if (releases.length > 0)
      for (const line of table([['release', 'state', 'by'], ...releases])) output.line(line);
    if (found.lock !== undefined) {
      output.line(
        found.lock.stale
          ? `A deployment by ${found.lock.by} was cut off; the next one goes on from here.`
          : `${found.lock.by} is deploying.`,
      );
    }
    return exitCodes.done;
  });
}

/** Prints what services print. */
export function logs(
  context: CommandContext,
  services: string[],
  options: LogsCommandOptions,
): Promise<ExitCode> {
  const { output, signal } = context;
  return withSession(context, options, { secrets: 'ask' }, async ({ handlers }) => {
    const filter = {
      tail: options.tail,
      follow: options.follow === true,
      ...(services.length === 0 ? {} : { services }),
    };
    const sought = options.search?.toLowerCase();
    for await (const { event } of handlers['deploy.logs'](filter, { signal, after: -1 })) {
      if (sought !== undefined && !event.text.toLowerCase().includes(sought)) continue;
      await output.event(event);
      output.line(`${output.paint('dim', `${event.at.slice(0, 19)} ${event.service}`)} ${event.text}`);
    }
    return exitCodes.done;
  });
}

/** Starts an operation and tells how it goes until it has ended; Ctrl-C cancels it. */
async function perform(
  { output, signal }: CommandContext,
  { handlers }: Session,
  action: DeployAction,
): Promise<ExitCode> {
  const { id } = await handlers['deploy.start'](action, { signal });
  const onAbort = () => void handlers['deploy.cancel']({ id }, { signal: new AbortController().signal });
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    // Its own signal: what a cancelled operation tells last is shown as well.
    const watching = { signal: new AbortController().signal, after: -1 };
    for await (const { event } of handlers['deploy.watch']({ id }, watching)) {
      const told = deployEventSchema.parse(event);
      await output.event(told);
      if (told.type !== 'end') output.note(lineOf(told));
      else if (told.error === undefined) {
        output.line(told.release === undefined ? 'Done.' : `${told.release} serves.`);
        return exitCodes.done;
      } else {
        if (!output.json) await output.error(told.error);
        return exitCodeOfError(told.error.code);
      }
    }
    return exitCodes.failed;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function lineOf(event: Exclude<DeployEvent, { type: 'end' }>): string {
  switch (event.type) {
    case 'phase':
      return event.message;
    case 'log':
      return `  ${event.source}: ${event.line}`;
    case 'service':
      return `  ${event.service}: ${event.state}${event.message === '' ? '' : ` (${event.message})`}`;
  }
}

async function agreed(
  { terminal, signal }: CommandContext,
  options: Confirmed,
  question: string,
): Promise<boolean> {
  if (options.yes === true) return true;
  if (terminal === undefined) {
    throw new AppError('INVALID_INPUT', 'This changes the host, and there is no terminal to ask on.', {
      hint: 'Add --yes.',
    });
  }
  return confirm(terminal, question, signal);
}
