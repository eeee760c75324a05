import { type IncomingMessage, request as httpRequest } from 'node:http';
import type { Duplex } from 'node:stream';
import { z } from 'zod';
import { AppError } from '#shared/model/errors';
import { classifyDockerAnswer } from './classify';

/** The oldest API with everything used here (Engine 20.10), and the newest that was read when this was written. */
const oldestVersion = 41;
const newestVersion = 51;
/** Beyond this an answer is not read: the longest is a list of tasks. */
const answerLimit = 32 * 1024 * 1024;

export interface DockerRequest {
  method?: 'GET' | 'POST' | 'DELETE';
  /** Without the version: `/services`. */
  path: string;
  query?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  body?: unknown;
}

/** Docker's Engine API over a connection that the caller makes, such as a socket forwarded by SSH. */
export interface DockerApi {
  /** Of the engine: `28.2.2`. */
  readonly engineVersion: string;
  /** Answers what the engine answered, parsed. Throws AppErrors: see {@link classifyDockerAnswer}. */
  call<T>(request: DockerRequest, schema: z.ZodType<T>, signal: AbortSignal): Promise<T>;
  /** The answer as it comes: logs that are followed. The caller reads it to its end or destroys it. */
  stream(request: DockerRequest, signal: AbortSignal): Promise<IncomingMessage>;
}

const versionSchema = z.object({ Version: z.string(), ApiVersion: z.string() });

/** Asks the engine for its version and speaks the newest that both know. Throws `DOCKER_UNAVAILABLE` and the connection's own errors. */
export async function openDockerApi(connect: () => Promise<Duplex>, signal: AbortSignal): Promise<DockerApi> {
  const version = await callWith(connect, '', { path: '/version' }, versionSchema, signal);
  const minor = Number(/^1\.(\d+)$/.exec(version.ApiVersion)?.[1] ?? '0');
  if (minor < oldestVersion) {
    throw new AppError('DOCKER_UNAVAILABLE', `Docker ${version.Version} on the host is too old.`, {
      hint: 'Update Docker on the host to 20.10 or newer.',
      details: { api: version.ApiVersion },
    });
  }
  const prefix = `/v1.${Math.min(minor, newestVersion)}`;
  return {
    engineVersion: version.Version,
    call: (request, schema, callSignal) => callWith(connect, prefix, request, schema, callSignal),
    stream: (request, callSignal) => answerOf(connect, prefix, request, callSignal),
  };
}

async function callWith<T>(
  connect: () => Promise<Duplex>,
  prefix: string,
  request: DockerRequest,
  schema: z.ZodType<T>,
  signal: AbortSignal,
): Promise<T> {
  const answer = await answerOf(connect, prefix, request, signal);
  const text = await textOf(answer);
  const parsed = schema.safeParse(jsonOf(text));
  if (parsed.success) return parsed.data;
  throw new AppError('DOCKER_FAILED', `Docker's answer to ${request.path} is not understood.`, {
    hint: 'Copy the details and report them, with the version of Docker on the host.',
    details: { reason: z.prettifyError(parsed.error).slice(0, 500) },
  });
}

async function answerOf(
  connect: () => Promise<Duplex>,
  prefix: string,
  { method = 'GET', path, query = {}, body }: DockerRequest,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  signal.throwIfAborted();
  const socket = withSocketMethods(await connect());
  const search = new URLSearchParams(query).toString();
  const content = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const request = httpRequest(
      {
        method,
        path: `${prefix}${path}${search === '' ? '' : `?${search}`}`,
        // The engine does not look at it, and the name of the host in it would only be logged.
        host: 'docker',
        headers: {
          connection: 'close',
          ...(content === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': content.length }),
        },
        createConnection: () => socket,
        signal,
      },
      resolve,
    );
    request.on('error', (error) => reject(unavailable(error, signal)));
    request.end(content);
  });
  const { statusCode = 0 } = answer;
  if (statusCode >= 200 && statusCode < 300) return answer;
  throw classifyDockerAnswer(statusCode, messageOf(await textOf(answer)), path);
}

/** An SSH channel is a stream without the methods of a socket that node:http calls. */
function withSocketMethods(stream: Duplex): Duplex {
  const self = () => stream;
  for (const name of ['setKeepAlive', 'setNoDelay', 'setTimeout', 'ref', 'unref']) {
    if (!(name in stream)) Object.defineProperty(stream, name, { value: self });
  }
  return stream;
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of answer) {
      const buffer = z.instanceof(Buffer).parse(chunk);
      length += buffer.length;
      if (length > answerLimit) {
        throw new AppError('DOCKER_FAILED', 'Docker’s answer is longer than expected.', {
          hint: 'Copy the details and report them.',
        });
      }
      chunks.push(buffer);
    }
  } catch (error) {
    throw unavailable(error);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function jsonOf(text: string): unknown {
  try {
    return text === '' ? null : JSON.parse(text);
  } catch {
    return text;
  }
}

function messageOf(text: string): string {
  const parsed = z.object({ message: z.string() }).safeParse(jsonOf(text));
  return parsed.success ? parsed.data.message : text.trim();
}

function unavailable(error: unknown, signal?: AbortSignal): AppError {
  if (error instanceof AppError) return error;
  if (signal?.aborted === true) return new AppError('CANCELLED', 'The request to Docker was cancelled.');
  return new AppError('DOCKER_UNAVAILABLE', 'The connection to Docker on the host broke off.', {
    hint: 'Check that the Docker service runs on the host, then try again.',
    retryable: true,
    details: { reason: error instanceof Error ? error.message : String(error) },
  });
}
