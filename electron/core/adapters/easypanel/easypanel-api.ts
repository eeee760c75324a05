import type { Duplex } from 'node:stream';
import { z } from 'zod';
import { AppError } from '#shared/model/errors';
import type { EasypanelGeneration } from '#shared/model/easypanel';
import { jsonOrText, readText, requestOver } from '../common/stream-http';

/** A list of projects with the environment of every service in it. */
const answerLimit = 16 * 1024 * 1024;

/** What is used of the panel, by the name that it has inside, with its name in the flat generation. */
const procedures = {
  'projects.listProjectsAndServices': { flat: 'listProjectsAndServices', reads: true },
  'domains.listDomains': { flat: 'listDomains', reads: true },
  'domains.createDomain': { flat: 'createDomain', reads: false },
  'services.app.inspectService': { flat: 'inspectAppService', reads: true },
  'services.app.updateEnv': { flat: 'updateAppEnv', reads: false },
  'services.app.updateSourceImage': { flat: 'updateAppSourceImage', reads: false },
  'services.app.updateDeploy': { flat: 'updateAppDeploy', reads: false },
  'services.app.deployService': { flat: 'deployAppService', reads: false },
  'services.compose.inspectService': { flat: 'inspectComposeService', reads: true },
  'services.compose.updateEnv': { flat: 'updateComposeEnv', reads: false },
} as const;
export type Procedure = keyof typeof procedures;

export interface EasypanelApi {
  /** How the panel is spoken to: tRPC up to 2.30, its own RPC in 2.31 and 2.32, flat addresses with a published description since 2.33. */
  readonly generation: EasypanelGeneration;
  /** Throws `EASYPANEL_TOKEN_REFUSED`, `EASYPANEL_UNAVAILABLE`, `NOT_FOUND` and `EASYPANEL_FAILED`. */
  call<T>(
    procedure: Procedure,
    input: Readonly<Record<string, unknown>>,
    schema: z.ZodType<T>,
    signal: AbortSignal,
  ): Promise<T>;
}

export interface EasypanelTarget {
  /** A new connection to the panel, such as a channel of an SSH connection to its host. */
  connect: () => Promise<Duplex>;
  token: string;
}

const descriptionSchema = z.object({ paths: z.record(z.string(), z.unknown()) });

/** Finds out which generation answers. Throws `EASYPANEL_UNAVAILABLE`. */
export async function openEasypanelApi(target: EasypanelTarget, signal: AbortSignal): Promise<EasypanelApi> {
  const generation = await generationOf(target, signal);
  return {
    generation,
    call: async (procedure, input, schema, callSignal) => {
      const { status, content } = await send(target, requestFor(generation, procedure, input), callSignal);
      if (status < 200 || status > 299) throw refusal(status, content, procedure);
      const parsed = schema.safeParse(unwrap(generation, content));
      if (parsed.success) return parsed.data;
      throw new AppError('EASYPANEL_FAILED', `Easypanel's answer to ${procedure} is not understood.`, {
        hint: 'Copy the details and report them, with the version of Easypanel.',
        details: { reason: z.prettifyError(parsed.error).slice(0, 500), generation },
      });
    },
  };
}

/** The panel describes itself since 2.31: by its addresses the two newer generations are told apart. */
async function generationOf(target: EasypanelTarget, signal: AbortSignal): Promise<EasypanelGeneration> {
  const { status, content } = await send(target, { method: 'GET', path: '/api/openapi.json' }, signal);
  const described = descriptionSchema.safeParse(content);
  if (status !== 200 || !described.success) return 'trpc';
  const paths = Object.keys(described.data.paths);
  return paths.some((path) => path.includes('/rpc/')) ? 'rpc' : 'flat';
}

interface PanelRequest {
  method: 'GET' | 'POST';
  path: string;
  body?: unknown;
}

function requestFor(
  generation: EasypanelGeneration,
  procedure: Procedure,
  input: Readonly<Record<string, unknown>>,
): PanelRequest {
  const { flat, reads } = procedures[procedure];
  switch (generation) {
    case 'trpc': {
      const path = `/api/trpc/${procedure}`;
      if (!reads) return { method: 'POST', path, body: { json: input } };
      return { method: 'GET', path: `${path}?input=${encodeURIComponent(JSON.stringify({ json: input }))}` };
    }
    // Reading by GET is described, and refused when there is an input.
    case 'rpc':
      return { method: 'POST', path: `/api/rpc/${procedure.replaceAll('.', '/')}`, body: { json: input } };
    case 'flat': {
      const path = `/api/${flat}`;
      if (!reads) return { method: 'POST', path, body: input };
      const query = new URLSearchParams(
        Object.entries(input).map(([name, value]): [string, string] => [name, String(value)]),
      ).toString();
      return { method: 'GET', path: query === '' ? path : `${path}?${query}` };
    }
  }
}

const trpcSchema = z.object({ result: z.object({ data: z.object({ json: z.unknown() }) }) });
const rpcSchema = z.object({ json: z.unknown() });

function unwrap(generation: EasypanelGeneration, content: unknown): unknown {
  switch (generation) {
    case 'trpc':
      return trpcSchema.safeParse(content).data?.result.data.json;
    case 'rpc':
      return rpcSchema.safeParse(content).data?.json;
    case 'flat':
      return content;
  }
}

async function send(
  { connect, token }: EasypanelTarget,
  request: PanelRequest,
  signal: AbortSignal,
): Promise<{ status: number; content: unknown }> {
  signal.throwIfAborted();
  try {
    const answer = await requestOver(
      await connect(),
      { ...request, host: 'easypanel', headers: { authorization: `Bearer ${token}` } },
      signal,
    );
    return { status: answer.statusCode ?? 0, content: jsonOrText(await readText(answer, answerLimit)) };
  } catch (error) {
    if (error instanceof AppError) throw error;
    if (signal.aborted) throw new AppError('CANCELLED', 'The request to Easypanel was cancelled.');
    throw new AppError('EASYPANEL_UNAVAILABLE', 'Easypanel does not answer on the host.', {
      hint: 'Check that the panel runs, and set EASYPANEL_PANEL_PORT where it listens on another port than 3000.',
      retryable: true,
      details: { reason: error instanceof Error ? error.message : String(error) },
    });
  }
}

/** Only the message that the panel writes for people is passed on: other parts of an answer may hold tokens. */
const messageSchema = z.union([
  z
    .object({ error: z.object({ json: z.object({ message: z.string() }) }) })
    .transform((given) => given.error.json.message),
  z.object({ json: z.object({ message: z.string() }) }).transform((given) => given.json.message),
  z.object({ message: z.string() }).transform((given) => given.message),
]);

function refusal(status: number, content: unknown, procedure: Procedure): AppError {
  const words = messageSchema.safeParse(content).data?.slice(0, 300) ?? `status ${status}`;
  const details = { procedure, status: String(status), panel: words };
  if (status === 401 || status === 403) {
    return new AppError('EASYPANEL_TOKEN_REFUSED', 'Easypanel does not accept the token.', {
      hint: 'Make a new one in the panel under Settings, Users, and set EASYPANEL_API_TOKEN. It needs an administrator.',
      details,
    });
  }
  if (status === 404) {
    return new AppError('NOT_FOUND', `Easypanel does not know it: ${words}`, {
      hint: 'Check the names of the project and the service.',
      details,
    });
  }
  return new AppError('EASYPANEL_FAILED', `Easypanel refused: ${words}`, {
    hint: 'Read what it says; the panel shows the service as it is now.',
    retryable: status >= 500,
    details,
  });
}
