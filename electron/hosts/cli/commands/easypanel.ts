import { panelDomainSchema, type PanelServiceId } from '#shared/model/easypanel';
import { AppError } from '#shared/model/errors';
import type { CommandContext } from '../context';
import { type ExitCode, exitCodes } from '../exit-codes';
import { type SessionOptions, withSession } from '../session';
import { table } from '../text';
import { agreed, type Confirmed, perform } from './deploy-operation';

const nameOf = ({ project, service }: PanelServiceId): string => `${project}/${service}`;

/** Lists the panel's services. */
export function list(context: CommandContext, options: SessionOptions): Promise<ExitCode> {
  const { output, signal } = context;
  return withSession(context, options, { secrets: 'ask' }, async ({ handlers }) => {
    const view = await handlers['easypanel.list']({}, { signal });
    await output.document(view);
    const rows = view.services.map((service) => [
      nameOf(service),
      service.type,
      service.image ?? '',
      service.domains.join(', '),
    ]);
    for (const line of table([['service', 'kind', 'image', 'domains'], ...rows])) output.line(line);
    for (const service of view.services)
      for (const limit of service.limits) output.line(output.paint('dim', `${nameOf(service)}: ${limit}`));
    return exitCodes.done;
  });
}

/** Shows which variables change, asks, and sets them. */
export function setEnvironment(
  context: CommandContext,
  target: PanelServiceId,
  options: Confirmed & { file?: string },
): Promise<ExitCode> {
  const { output, signal } = context;
  const input = { target, ...(options.file === undefined ? {} : { file: options.file }) };
  return withSession(context, options, { secrets: 'ask' }, async ({ handlers }) => {
    if (options.yes !== true) {
      const planned = await handlers['easypanel.planEnvironment'](input, { signal });
      for (const { name, change } of planned) output.line(`  ${name} is ${change}`);
    }
    if (!(await agreed(context, options, `Set the environment of ${nameOf(target)}?`)))
      return exitCodes.cancelled;
    const changes = await handlers['easypanel.setEnvironment'](input, { signal });
    await output.document(changes);
    output.line(`${changes.length} variables changed. They count from its next deployment on.`);
    return exitCodes.done;
  });
}

/** Leads a domain to a service. */
export function addDomain(
  context: CommandContext,
  target: PanelServiceId,
  { host, port }: { host: string; port: number },
  options: Confirmed & { service?: string; http?: boolean },
): Promise<ExitCode> {
  const { output, signal } = context;
  const domain = panelDomainSchema.safeParse({
    host,
    port,
    https: options.http !== true,
    ...(options.service === undefined ? {} : { composeService: options.service }),
  });
  if (!domain.success) {
    throw new AppError('INVALID_INPUT', `${host} is no domain.`, { hint: domain.error.issues[0]?.message });
  }
  return withSession(context, options, { secrets: 'ask' }, async ({ handlers }) => {
    if (!(await agreed(context, options, `Lead ${host} to ${nameOf(target)}?`))) return exitCodes.cancelled;
    await handlers['easypanel.addDomain']({ target, domain: domain.data }, { signal });
    await output.document(domain.data);
    output.line(`${host} leads to ${nameOf(target)}.`);
    return exitCodes.done;
  });
}

/** Deploys an image as an App service. */
export function deployApp(
  context: CommandContext,
  target: PanelServiceId,
  image: string,
  options: Confirmed & { limit: number },
): Promise<ExitCode> {
  return withSession(context, options, { secrets: 'ask' }, async (session) => {
    if (!(await agreed(context, options, `Deploy ${image} as ${nameOf(target)}?`)))
      return exitCodes.cancelled;
    return perform(context, session, { kind: 'panel-deploy', target, image, limitSeconds: options.limit });
  });
}
