import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { z } from 'zod';
import { AppError } from '#shared/model/errors';
import { AnswerTooLongError, jsonOrText, readText, requestOver } from '../common/stream-http';
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
  const parsed = schema.safeParse(jsonOrText(text));
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
  const search = new URLSearchParams(query).toString();
  const stream = await connect();
  const answer = await requestOver(
    stream,
    // The engine does not look at the name of the host, which would only be logged.
    { method, path: `${prefix}${path}${search === '' ? '' : `?${search}`}`, host: 'docker', body },
    signal,
  ).catch((error: unknown) => {
    throw unavailable(error, signal);
  });
  const { statusCode = 0 } = answer;
  if (statusCode >= 200 && statusCode < 300) return answer;
  throw classifyDockerAnswer(statusCode, messageOf(await textOf(answer)), path);
}

async function textOf(answer: IncomingMessage): Promise<string> {
  try {
    return await readText(answer, answerLimit);
  } catch (error) {
    if (!(error instanceof AnswerTooLongError)) throw unavailable(error);
    throw new AppError('DOCKER_FAILED', 'Docker’s answer is longer than expected.', {
      hint: 'Copy the details and report them.',
    });
  }
}

function messageOf(text: string): string {
  const parsed = z.object({ message: z.string() }).safeParse(jsonOrText(text));
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
