import type { ReleaseRecord, RuntimeKind } from '#shared/model/deploy';
import { AppError, toErrorShape } from '#shared/model/errors';
import type { ComposeBundle } from './compose-bundle';
import { type DeployHost, lostHost } from './deploy-host';
import { probe, type ProbeResult } from './probe';
import {
  cutOff,
  findRelease,
  listReleases,
  markLive,
  pinImages,
  releaseFolder,
  storeRelease,
  withLock,
  writeRecord,
} from './release-store';
import { pullImages } from './release-images';
import { phase, type Tell } from './rollout';
import { type Migration, runMigration } from './run-migration';
import type { RolloutOptions, Runtime } from './runtime';

/** A probe that did not answer before the release is asked for this long after it. */
const probeLimitMs = 45_000;

export interface ApplyOptions extends RolloutOptions {
  /** Public addresses that must answer after the release as they did before it. */
  probes: readonly string[];
  /** Runs once before the services change, in a container of the new image: `alembic upgrade head`. */
  migration?: Migration;
}

/**
 * Puts a bundle on the host and makes it serve: start-first where a swarm runs it, gated by health checks and by the public addresses. A release
 * that fails after its services began to change is taken back, and the one before serves again. Throws `RELEASE_ROLLED_BACK`,
 * `RELEASE_FAILED`, `RELEASE_UNREACHABLE`, `RELEASE_LOCKED`, `IMAGE_NOT_FOUND`, `REGISTRY_AUTH_FAILED`, `HOST_DISK_FULL` and others of
 * Docker and SSH.
 */
export function applyRelease(
  host: DeployHost,
  runtime: Runtime,
  stack: string,
  bundle: ComposeBundle,
  options: ApplyOptions,
  tell: Tell,
  signal: AbortSignal,
): Promise<ReleaseRecord> {
  return withLock(host, signal, async () => {
    const stored = await interruptedOrNew(host, runtime, stack, bundle, tell, signal);
    const folder = releaseFolder(host, stored.id);
    const record = await noteFailure(host, stored, signal, async () => {
      phase(tell, 'images', 'Get the images');
      const pinned = await pullImages(host, bundle, tell, signal);
      const ready = await pinImages(host, stored, bundle, pinned, signal);
      if (options.migration !== undefined) {
        phase(tell, 'migrate', 'Change the database’s schema');
        await runMigration(host, stack, folder, bundle, options.migration, tell, signal);
      }
      return ready;
    });
    const before = await probe(options.probes, 0, signal);
    const previous = (await listReleases(host, signal)).find(({ state }) => state === 'live');
    let silent: ProbeResult[];
    try {
      await deployStack(host, runtime, record, options, tell, signal);
      phase(tell, 'probe', 'Ask the public addresses');
      silent = (await probe(options.probes, probeLimitMs, signal)).filter(({ ok }) => !ok);
      const broken = silent.filter(({ url }) => before.some((result) => result.url === url && result.ok));
      if (broken.length > 0) throw unreachable('RELEASE_FAILED', broken);
    } catch (error) {
      if (signal.aborted || !(error instanceof AppError) || lostHost.has(error.code)) throw error;
      await writeRecord(host, { ...record, state: 'failed', error: toErrorShape(error) }, signal);
      throw await takeBack(host, runtime, previous, error, options, tell, signal);
    }
    await markLive(host, record, signal);
    // It did not answer before either: the route to it may only come now, so the release stays.
    if (silent.length > 0) throw unreachable('RELEASE_UNREACHABLE', silent);
    return record;
  });
}

/** Makes a kept release serve again. Throws like {@link applyRelease}. */
export function rollBackTo(
  host: DeployHost,
  runtime: Runtime,
  id: string,
  options: Pick<ApplyOptions, 'limitMs'>,
  tell: Tell,
  signal: AbortSignal,
): Promise<ReleaseRecord> {
  return withLock(host, signal, async () => {
    const record = await findRelease(host, id, signal);
    if (record.runtime !== runtime.kind) throw otherRuntime(runtime.kind);
    try {
      await deployStack(host, runtime, record, { limitMs: options.limitMs, prune: true }, tell, signal);
    } catch (error) {
      if (!signal.aborted && error instanceof AppError && !lostHost.has(error.code))
        await writeRecord(host, { ...record, state: 'failed', error: toErrorShape(error) }, signal);
      throw error;
    }
    await markLive(host, record, signal);
    return record;
  });
}

/** A swarm's services beside Compose's containers would do everything twice. */
export function otherRuntime(now: RuntimeKind): AppError {
  const compose = now === 'compose';
  return new AppError(
    'INVALID_INPUT',
    compose ? 'The application runs by Compose, without a swarm.' : 'The application runs in a swarm.',
    {
      hint: compose
        ? 'Take it down on the host with docker compose -p STACK down, then release into the swarm.'
        : 'Take it down on the host with docker stack rm STACK, then release without a swarm.',
    },
  );
}

/** A deployment of the same content that was cut off goes on; one of other content is over. */
async function interruptedOrNew(
  host: DeployHost,
  runtime: Runtime,
  stack: string,
  bundle: ComposeBundle,
  tell: Tell,
  signal: AbortSignal,
): Promise<ReleaseRecord> {
  phase(tell, 'store', 'Write the release’s files to the host');
  const fresh = await storeRelease(host, stack, bundle, runtime.kind, new Date(), signal);
  const interrupted = (await listReleases(host, signal)).filter(({ state }) => state === 'applying');
  for (const record of interrupted) {
    const same =
      record.environment === fresh.environment &&
      JSON.stringify(Object.entries(record.images).sort()) ===
        JSON.stringify(Object.entries(fresh.images).sort());
    if (same) phase(tell, 'continue', `Go on with ${record.id}, which was cut off`);
    await writeRecord(host, cutOff(record, fresh.id), signal);
  }
  phase(tell, 'validate', 'Let the engine’s client read the compose file');
  await runtime.validate(releaseFolder(host, fresh.id), signal);
  return fresh;
}

/** Says in the host's records why a release did not get as far as its services. */
async function noteFailure<T>(
  host: DeployHost,
  record: ReleaseRecord,
  signal: AbortSignal,
  body: () => Promise<T>,
): Promise<T> {
  try {
    return await body();
  } catch (error) {
    if (!signal.aborted && error instanceof AppError && !lostHost.has(error.code)) {
      // Nothing of the details: what a change of the schema printed may hold secrets.
      const { details: _printed, cause: _behind, ...told } = toErrorShape(error);
      // A full disk may not take the record either: what stopped the release is what has to be told.
      await writeRecord(host, { ...record, state: 'failed', error: told }, signal).catch(() => undefined);
    }
    throw error;
  }
}

async function deployStack(
  host: DeployHost,
  runtime: Runtime,
  record: ReleaseRecord,
  options: RolloutOptions,
  tell: Tell,
  signal: AbortSignal,
): Promise<void> {
  await writeRecord(host, { ...record, state: 'applying' }, signal);
  await runtime.deploy(record, releaseFolder(host, record.id), options, tell, signal);
}

/** After a failure in the middle: the release before is deployed again. Answers what is to be told. */
async function takeBack(
  host: DeployHost,
  runtime: Runtime,
  previous: ReleaseRecord | undefined,
  error: AppError,
  options: ApplyOptions,
  tell: Tell,
  signal: AbortSignal,
): Promise<AppError> {
  if (previous === undefined) return error;
  phase(tell, 'roll-back', `Take the services back to ${previous.id}`);
  try {
    await deployStack(host, runtime, previous, { limitMs: options.limitMs, prune: false }, tell, signal);
    await markLive(host, previous, signal);
  } catch (second) {
    return new AppError('RELEASE_FAILED', `${error.message} Taking it back failed too.`, {
      hint: `Look at the services with cutover deploy status, then roll back to ${previous.id} by hand.`,
      details: error.details,
      cause: second,
    });
  }
  return new AppError('RELEASE_ROLLED_BACK', `${error.message} ${previous.id} serves again.`, {
    hint: error.hint,
    details: error.details,
    cause: error,
  });
}

function unreachable(
  code: 'RELEASE_FAILED' | 'RELEASE_UNREACHABLE',
  results: readonly ProbeResult[],
): AppError {
  const [first] = results;
  return new AppError(
    code,
    `The services are healthy, but ${first?.url ?? ''} does not answer well: ${first?.answer ?? ''}.`,
    {
      hint: 'Check the domain, its certificate and the proxy’s route to the service.',
      details: Object.fromEntries(results.map(({ url, answer }) => [url, answer])),
    },
  );
}
