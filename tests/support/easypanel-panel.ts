import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { z } from 'zod';
import type { EasypanelGeneration } from '#shared/model/easypanel';

export const panelToken = 'token-of-the-panel';

export interface StandInService {
  projectName: string;
  name: string;
  type: string;
  env: string;
  /** A credential that Easypanel lists with everything else. */
  token: string;
  createDotEnv?: boolean;
  source?: { type: string; image?: string; username?: string; password?: string };
  deploy?: Record<string, unknown>;
}

/** A panel as far as Cutover speaks to it, strict about what it is sent. */
export interface StandInPanel {
  port: number;
  services: StandInService[];
  domains: Record<string, unknown>[];
  /** Names of what was called that changes something. */
  changes: string[];
  /** Told when an app is to be deployed; resolves when the panel has begun. */
  onDeploy: (service: StandInService) => Promise<void>;
  close(): Promise<void>;
}

const idSchema = z.strictObject({
  projectName: z.string().regex(/^[a-z0-9-_]+$/),
  serviceName: z.string().regex(/^[a-z0-9-_]+$/),
});
const withId = idSchema.shape;

const domainSchema = z.strictObject({
  id: z.string().min(10),
  https: z.boolean(),
  host: z.string(),
  path: z.string(),
  middlewares: z.array(z.string()),
  certificateResolver: z.string(),
  wildcard: z.boolean(),
  destinationType: z.literal('service'),
  serviceDestination: z.strictObject({
    protocol: z.string(),
    port: z.number(),
    path: z.string(),
    projectName: z.string(),
    serviceName: z.string(),
    composeService: z.string(),
  }),
});

/** The three spellings of a procedure's address. */
const flatNames: Record<string, string> = {
  listProjectsAndServices: 'projects.listProjectsAndServices',
  listDomains: 'domains.listDomains',
  createDomain: 'domains.createDomain',
  inspectAppService: 'services.app.inspectService',
  inspectComposeService: 'services.compose.inspectService',
  updateAppEnv: 'services.app.updateEnv',
  updateComposeEnv: 'services.compose.updateEnv',
  updateAppSourceImage: 'services.app.updateSourceImage',
  updateAppDeploy: 'services.app.updateDeploy',
  deployAppService: 'services.app.deployService',
};

class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** Starts one on loopback that speaks as this generation does. */
export async function startStandInPanel(
  generation: EasypanelGeneration,
  services: StandInService[],
): Promise<StandInPanel> {
  const panel: Omit<StandInPanel, 'port' | 'close'> = {
    services,
    domains: [],
    changes: [],
    onDeploy: () => Promise.resolve(),
  };
  const find = (input: z.infer<typeof idSchema>, type: string): StandInService => {
    const found = services.find(
      (one) => one.projectName === input.projectName && one.name === input.serviceName && one.type === type,
    );
    if (found === undefined) throw new Refused(404, 'Service not found.');
    return found;
  };
  const answers: Record<string, (input: unknown) => unknown> = {
    'projects.listProjectsAndServices': (input) => {
      z.strictObject({}).parse(input);
      return { projects: [{ name: 'shop', createdAt: '2026-01-01' }], services };
    },
    'domains.listDomains': (input) => {
      const { projectName, serviceName } = idSchema.parse(input);
      return panel.domains.filter((one) => {
        const { serviceDestination: to } = domainSchema.parse(one);
        return to.projectName === projectName && to.serviceName === serviceName;
      });
    },
    'domains.createDomain': (input) => panel.domains.push(domainSchema.parse(input)),
    ...Object.fromEntries(
      ['app', 'compose'].flatMap((type) => [
        [`services.${type}.inspectService`, (input: unknown) => find(idSchema.parse(input), type)],
        [
          `services.${type}.updateEnv`,
          (input: unknown) => {
            const { env, createDotEnv, ...id } = z
              .strictObject({ ...withId, env: z.string(), createDotEnv: z.boolean().optional() })
              .parse(input);
            const service = find(id, type);
            service.env = env;
            if (createDotEnv === undefined) delete service.createDotEnv;
            else service.createDotEnv = createDotEnv;
          },
        ],
      ]),
    ),
    'services.app.updateSourceImage': (input) => {
      const { image, username, password, ...id } = z
        .strictObject({
          ...withId,
          image: z.string().min(1),
          username: z.string().optional(),
          password: z.string().optional(),
        })
        .parse(input);
      find(id, 'app').source = {
        type: 'image',
        image,
        ...(username === undefined ? {} : { username }),
        ...(password === undefined ? {} : { password }),
      };
    },
    'services.app.updateDeploy': (input) => {
      const { deploy, ...id } = z
        .strictObject({
          ...withId,
          deploy: z.strictObject({
            replicas: z.number(),
            command: z.string().nullable(),
            zeroDowntime: z.boolean(),
          }),
        })
        .parse(input);
      find(id, 'app').deploy = deploy;
    },
    'services.app.deployService': (input) => panel.onDeploy(find(idSchema.parse(input), 'app')),
  };
  const reads = (procedure: string) => /\.(?:list|inspect)/.test(procedure);

  const server = createServer((request, response) => {
    const reply = (status: number, content: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(content));
    };
    const handle = async (): Promise<void> => {
      const url = new URL(request.url ?? '/', 'http://panel');
      if (url.pathname === '/api/openapi.json') {
        // An older panel answers with its page.
        if (generation === 'trpc')
          response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html>');
        else
          reply(200, {
            paths: generation === 'rpc' ? { '/api/rpc/update/getStatus': {} } : { '/listProjects': {} },
          });
        return;
      }
      if (request.headers.authorization !== `Bearer ${panelToken}`) throw new Refused(401, 'UNAUTHORIZED');
      const { procedure, input } = await asked(generation, request, url, reads);
      const answer = answers[procedure];
      if (answer === undefined) throw new Refused(404, `No procedure ${procedure}`);
      if (!reads(procedure)) panel.changes.push(procedure);
      const content = (await answer(input)) ?? null;
      reply(
        200,
        { trpc: { result: { data: { json: content } } }, rpc: { json: content }, flat: content }[generation],
      );
    };
    handle().catch((error: unknown) => {
      const status = error instanceof Refused ? error.status : 400;
      const message = error instanceof Error ? error.message : String(error);
      reply(
        status,
        {
          trpc: { error: { json: { message, code: -32_001 } } },
          rpc: { json: { message } },
          flat: { message },
        }[generation],
      );
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = z.object({ port: z.number() }).parse(server.address());
  return Object.assign(panel, {
    port,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  });
}

async function asked(
  generation: EasypanelGeneration,
  request: IncomingMessage,
  url: URL,
  reads: (procedure: string) => boolean,
): Promise<{ procedure: string; input: unknown }> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(z.instanceof(Buffer).parse(chunk));
  const body: unknown = chunks.length === 0 ? undefined : JSON.parse(Buffer.concat(chunks).toString());
  const wrapped = z.strictObject({ json: z.unknown() });
  const method = (procedure: string, expected: string) => {
    if (request.method !== expected) throw new Refused(405, `${procedure} wants ${expected}`);
  };
  switch (generation) {
    case 'trpc': {
      const procedure = url.pathname.slice('/api/trpc/'.length);
      method(procedure, reads(procedure) ? 'GET' : 'POST');
      const given: unknown = reads(procedure) ? JSON.parse(url.searchParams.get('input') ?? '') : body;
      return { procedure, input: wrapped.parse(given).json };
    }
    case 'rpc': {
      const procedure = url.pathname.slice('/api/rpc/'.length).replaceAll('/', '.');
      method(procedure, 'POST');
      return { procedure, input: wrapped.parse(body).json };
    }
    case 'flat': {
      const procedure = flatNames[url.pathname.slice('/api/'.length)] ?? '';
      method(procedure, reads(procedure) ? 'GET' : 'POST');
      return { procedure, input: reads(procedure) ? Object.fromEntries(url.searchParams) : body };
    }
  }
}
