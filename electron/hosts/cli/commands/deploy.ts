import type { ReleaseSource } from '#shared/contract/deploy';
import { releaseIdSchema } from '#shared/model/deploy';
import { AppError } from '#shared/model/errors';
import type { CommandContext } from '../context';
import { type ExitCode, exitCodes } from '../exit-codes';
import { type Session, type SessionOptions, withSession } from '../session';
import { table } from '../text';
import { agreed, type Confirmed, perform } from './deploy-operation';

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
  withoutSwarm?: boolean;
  yes?: boolean;
}

export interface LogsCommandOptions extends SessionOptions {
  tail: number;
  follow?: boolean;
  search?: string;
}

const sourceOf = (options: SourceCommandOptions): ReleaseSource => ({
  ...(options.dir === undefined ? {} : { folder: options.dir }),
  ...(options.composeFile === undefined ? {} : { composeFile: options.composeFile }),
  ...(options.productionEnvFile === undefined ? {} : { envFile: options.productionEnvFile }),
});

/** Tells whether the host is ready; exit code 3 when something stands in the way. */
export function preflight(context: CommandContext, options: SourceCommandOptions): Promise<ExitCode> {
  const { output, signal } = context;
  return withSession(context, options, { secrets: 'ask' }, async ({ handlers }) => {
    const findings = await handlers['deploy.preflight'](sourceOf(options), { signal });
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
      runtime: options.withoutSwarm === true ? 'compose' : 'swarm',
      limitSeconds: options.limit,
      ...(options.migrate === undefined ? {} : { migration: options.migrate }),
    });
  });
}

/** Makes a kept release serve again; without one, that of a rollback that was cut off, else the newest that served before the live one. */
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
  const { releases, live = '' } = await handlers['deploy.status']({}, { signal });
  const cutOff = releases.find(({ id, state }) => state === 'interrupted' && id < live);
  return (cutOff ?? releases.find(({ state }) => state === 'replaced'))?.id;
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

/** Lets a service end what it does and take nothing new, until nothing of it runs. */
export function drain(context: CommandContext, service: string, options: Confirmed): Promise<ExitCode> {
  return withSession(context, options, { secrets: 'ask' }, async (session) => {
    const question = `Drain ${service}? It ends what it does, and nothing of it runs until it is scaled up again.`;
    if (!(await agreed(context, options, question))) return exitCodes.cancelled;
    return perform(context, session, { kind: 'scale', service, replicas: 0 });
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

/** Prints what the containers take of the host; without `follow` once, as soon as the use of processors is known. */
export function use(
  context: CommandContext,
  options: SessionOptions & { follow?: boolean },
): Promise<ExitCode> {
  const { output, signal } = context;
  return withSession(context, options, { secrets: 'ask' }, async ({ handlers }) => {
    for await (const { event } of handlers['deploy.use']({}, { signal, after: -1 })) {
      if (event.length > 0 && event.every(({ cpus }) => cpus === null)) continue;
      await output.event(event);
      const rows = event.map(({ service, id, cpus, memoryBytes, memoryLimitBytes }) => [
        service,
        id,
        cpus?.toFixed(2) ?? '',
        `${megabytes(memoryBytes)} of ${megabytes(memoryLimitBytes)} MiB`,
      ]);
      if (rows.length === 0) output.line('Nothing of the stack runs on this host.');
      else
        for (const line of table([['service', 'container', 'cores', 'memory'], ...rows])) output.line(line);
      if (options.follow !== true) break;
    }
    return exitCodes.done;
  });
}

const megabytes = (bytes: number): string => (bytes / 1024 ** 2).toFixed(0);
