import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { parse as parseEnv } from 'dotenv';
import { z } from 'zod';
import type { PanelDomain, PanelServiceId, PanelView, VariableChange } from '#shared/model/easypanel';
import { AppError } from '#shared/model/errors';
import { serviceNamed } from '../../adapters/docker/swarm';
import { type EasypanelApi, openEasypanelApi } from '../../adapters/easypanel/easypanel-api';
import { openHostSession, type SshSecrets } from '../../adapters/ssh/open-host';
import type { SshSession } from '../../adapters/ssh/ssh-session';
import type { Settings } from '../../ports/settings';
import { redactingFailures } from '../settings/redact-error';
import { defaultDockerSocket, type DeployHost, openDeployHost } from './deploy-host';
import { variableChanges, withoutDigest } from './release-plan';
import { environmentRedactor } from './release-secrets';
import { awaitRollout, engineTime, phase, swarmProgress, type Tell, type Watched } from './rollout';

const defaultPort = '3000';

/**
 * What Easypanel's own API does, over the SSH connection to its host. Every call connects for itself; all throw the codes of SSH,
 * `SETTING_MISSING` without a token, `EASYPANEL_UNAVAILABLE`, `EASYPANEL_TOKEN_REFUSED` and `EASYPANEL_FAILED`.
 */
export interface EasypanelService {
  /** Projects and services, without their environment and tokens. */
  list(signal: AbortSignal): Promise<PanelView>;
  /** Which variables of a service an environment file would change. Changes nothing. */
  planEnvironment(target: PanelServiceId, file: string, signal: AbortSignal): Promise<VariableChange[]>;
  /** Makes the file the environment of the service; it counts from its next deployment on. */
  setEnvironment(target: PanelServiceId, file: string, signal: AbortSignal): Promise<VariableChange[]>;
  /** Leads a domain to the service. */
  addDomain(target: PanelServiceId, domain: PanelDomain, signal: AbortSignal): Promise<void>;
  /**
   * Deploys an image as an App service with the panel's switch for no downtime, and waits until its containers are healthy. Throws
   * `INVALID_INPUT` for a service of another kind, `RELEASE_FAILED` and `TIMED_OUT`.
   */
  deployApp(
    target: PanelServiceId,
    image: string,
    limitMs: number,
    tell: Tell,
    signal: AbortSignal,
  ): Promise<void>;
}

const listSchema = z.object({
  projects: z.array(z.object({ name: z.string() })),
  services: z.array(
    z.object({
      projectName: z.string(),
      name: z.string(),
      type: z.string(),
      source: z.object({ image: z.string().optional() }).nullish().catch(undefined),
    }),
  ),
});

const domainsSchema = z.array(
  z.object({ host: z.string(), path: z.string().optional(), https: z.boolean().optional() }),
);

/** `createDotEnv`: whether the panel writes a file of it too. An update without it would switch that off. */
const environmentSchema = z.object({ env: z.string().nullish(), createDotEnv: z.boolean().optional() });

const appSchema = z.object({
  // The registry's login stays the service's: an update of the image without it would take it away.
  source: z
    .object({ username: z.string().nullish(), password: z.string().nullish() })
    .nullish()
    .catch(undefined),
  deploy: z
    .looseObject({
      replicas: z.number().optional(),
      command: z.string().nullish(),
      zeroDowntime: z.boolean().optional(),
    })
    .nullish(),
});

type Kind = 'app' | 'compose';

const composeLimits = [
  'It stops the old containers before the new ones start: requests fail in between. Use an App service or a Docker stack for what has to stay up.',
  'A version that does not become healthy goes live all the same; nothing takes it back.',
  'Its files are written anew with each deployment, so what was changed on the host is lost.',
];
const otherLimits = ['Cutover shows it and leaves it to the panel.'];

/** The panel on the host that the settings name. */
export function createEasypanelService(
  settings: () => Promise<Settings>,
  secrets: SshSecrets,
): EasypanelService {
  const withPanel = async <T>(
    signal: AbortSignal,
    body: (panel: EasypanelApi, ssh: SshSession, given: Settings) => Promise<T>,
  ): Promise<T> => {
    const given = await settings();
    const token = given.require('EASYPANEL_API_TOKEN');
    const port = Number(given.get('EASYPANEL_PANEL_PORT') ?? defaultPort);
    const ssh = await openHostSession(given, secrets, signal);
    try {
      const connect = () => ssh.openTcp('127.0.0.1', port).catch(unanswered);
      return await redactingFailures(
        (text) => given.redact(text),
        async () => body(await openEasypanelApi({ connect, token }, signal), ssh, given),
      );
    } finally {
      ssh.close();
    }
  };

  return {
    list: (signal) =>
      withPanel(signal, async (panel) => {
        const found = await panel.call('projects.listProjectsAndServices', {}, listSchema, signal);
        const services: PanelView['services'] = [];
        for (const { projectName, name, type, source } of found.services) {
          const id = { projectName, serviceName: name };
          const routed = type === 'app' || type === 'compose';
          const domains = routed ? await panel.call('domains.listDomains', id, domainsSchema, signal) : [];
          services.push({
            project: projectName,
            service: name,
            type,
            ...(source?.image === undefined ? {} : { image: source.image }),
            domains: domains.map(
              ({ host, path = '/', https }) =>
                `${https === false ? 'http' : 'https'}://${host}${path === '/' ? '' : path}`,
            ),
            limits: type === 'app' ? [] : type === 'compose' ? composeLimits : otherLimits,
          });
        }
        return { generation: panel.generation, projects: found.projects.map(({ name }) => name), services };
      }),
    planEnvironment: (target, file, signal) =>
      withPanel(signal, async (panel) => (await compareEnvironment(panel, target, file, signal)).changes),
    setEnvironment: (target, file, signal) =>
      withPanel(signal, async (panel) => {
        const { kind, text, kept, changes } = await compareEnvironment(panel, target, file, signal);
        // A panel that refuses the file may repeat what stands in it.
        await redactingFailures(environmentRedactor(Object.entries(parseEnv(text))), () =>
          panel.call(
            `services.${kind}.updateEnv`,
            { ...idOf(target), env: text, ...kept },
            z.unknown(),
            signal,
          ),
        );
        return changes;
      }),
    addDomain: (target, domain, signal) =>
      withPanel(signal, async (panel) => {
        const kind = await kindOf(panel, target, signal);
        if (kind === 'compose' && domain.composeService === undefined) {
          throw new AppError('INVALID_INPUT', 'A compose service holds several: say which one answers.', {
            hint: 'Name it as it stands in the compose file.',
          });
        }
        const before = await panel.call('domains.listDomains', idOf(target), domainsSchema, signal);
        if (before.some(({ host }) => host === domain.host.toLowerCase())) return;
        await panel.call('domains.createDomain', domainOf(target, domain), z.unknown(), signal);
      }),
    deployApp: (target, image, limitMs, tell, signal) =>
      withPanel(signal, async (panel, ssh, given) => {
        if ((await kindOf(panel, target, signal)) !== 'app') {
          throw new AppError('INVALID_INPUT', `${target.service} is no App service.`, {
            hint: `${composeLimits[0] ?? ''} Deploy it in the panel when a gap does no harm.`,
          });
        }
        const id = idOf(target);
        const { deploy, source } = await panel.call('services.app.inspectService', id, appSchema, signal);
        phase(tell, 'configure', `Set the image of ${target.service}`);
        if (deploy?.zeroDowntime !== true) {
          const kept = { ...deploy, zeroDowntime: true };
          await panel.call('services.app.updateDeploy', { ...id, deploy: kept }, z.unknown(), signal);
        }
        const { username, password } = source ?? {};
        const login = {
          ...(typeof username === 'string' ? { username } : {}),
          ...(typeof password === 'string' ? { password } : {}),
        };
        await redactingFailures(environmentRedactor([['PASSWORD', password ?? '']]), () =>
          panel.call('services.app.updateSourceImage', { ...id, image, ...login }, z.unknown(), signal),
        );
        const socket = given.get('EASYPANEL_DOCKER_SOCKET') ?? defaultDockerSocket;
        // It closes the session when it fails, which is what comes next anyway.
        const host = await openDeployHost(ssh, target.project, socket, signal);
        const since = await engineTime(host, signal);
        phase(tell, 'deploy', 'Let the panel deploy it');
        await panel.call('services.app.deployService', id, z.unknown(), signal);
        phase(tell, 'rollout', 'Wait until its containers are healthy');
        await awaitRollout(appOf(host, target, image, since), limitMs, tell, signal);
      }),
  };
}

/** The Swarm service of an App service, once the panel has changed it: until then it runs the version before, in good health. */
const appOf =
  (host: DeployHost, target: PanelServiceId, image: string, since: string): Watched =>
  async (signal) => {
    const name = `${target.project}_${target.service}`;
    const { services, tasks } = await serviceNamed(host.docker, name, signal);
    const changed = services.filter(
      (service) =>
        Date.parse(service.UpdatedAt) >= Date.parse(since) &&
        (withoutDigest(service.Spec.TaskTemplate.ContainerSpec.Image) === withoutDigest(image) ||
          service.UpdateStatus?.State?.startsWith('rollback') === true),
    );
    return changed.map((service) => swarmProgress(target.service, service, tasks, since));
  };

const idOf = ({ project, service }: PanelServiceId) => ({ projectName: project, serviceName: service });

function unanswered(error: unknown): never {
  if (!(error instanceof AppError) || error.code !== 'SSH_FORWARDING_REFUSED') throw error;
  throw new AppError('EASYPANEL_UNAVAILABLE', 'Easypanel does not answer on the host.', {
    hint: 'Check that the panel runs, set EASYPANEL_PANEL_PORT where it listens on another port than 3000, and let sshd forward (AllowTcpForwarding yes).',
    details: error.details,
    cause: error,
  });
}

/** Throws `NOT_FOUND`, and `INVALID_INPUT` for databases and the like. */
async function kindOf(panel: EasypanelApi, target: PanelServiceId, signal: AbortSignal): Promise<Kind> {
  const { services } = await panel.call('projects.listProjectsAndServices', {}, listSchema, signal);
  const found = services.find(
    ({ projectName, name }) => projectName === target.project && name === target.service,
  );
  if (found === undefined) {
    throw new AppError('NOT_FOUND', `Easypanel has no service ${target.service} in ${target.project}.`, {
      hint: 'List the services with cutover deploy easypanel list.',
    });
  }
  if (found.type === 'app' || found.type === 'compose') return found.type;
  throw new AppError('INVALID_INPUT', `${target.service} is of the kind ${found.type}.`, {
    hint: 'Only App and Compose services run an application.',
  });
}

async function compareEnvironment(
  panel: EasypanelApi,
  target: PanelServiceId,
  file: string,
  signal: AbortSignal,
) {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new AppError('INVALID_INPUT', `${file} can't be read.`, {
      hint: 'Render it with cutover deploy render, or name another file.',
      cause: error,
    });
  });
  const kind = await kindOf(panel, target, signal);
  const { env, ...kept } = await panel.call(
    `services.${kind}.inspectService`,
    idOf(target),
    environmentSchema,
    signal,
  );
  const now = new Map(Object.entries(parseEnv(env ?? '')));
  return { kind, text, kept, changes: variableChanges(now, new Map(Object.entries(parseEnv(text)))) };
}

/** As the panel's own page sends it. */
function domainOf(target: PanelServiceId, { host, port, https, composeService = '' }: PanelDomain) {
  return {
    id: `cm${randomBytes(11).toString('hex')}`,
    https,
    host: host.toLowerCase(),
    path: '/',
    middlewares: [],
    certificateResolver: '',
    wildcard: false,
    destinationType: 'service',
    serviceDestination: { protocol: 'http', port, path: '/', composeService, ...idOf(target) },
  };
}
