import { createHash, randomBytes } from 'node:crypto';
import { setInterval } from 'node:timers';
import { hostname, userInfo } from 'node:os';
import { z } from 'zod';
import { AppError } from '#shared/model/errors';
import {
  type ReleaseId,
  type ReleaseRecord,
  releaseIdSchema,
  releaseRecordSchema,
  type RuntimeKind,
} from '#shared/model/deploy';
import { shellWord } from '../../adapters/ssh/ssh-session';
import type { ComposeBundle } from './compose-bundle';
import type { DeployHost } from './deploy-host';

/** Releases that served and that are kept on the host beside the live one, and as many that did not. */
const keptReleases = 10;
/** Between two signs of life of a deployment. */
const heartbeatMs = 5_000;
/** A lock that nobody touched for this long belongs to a deployment that was cut off. */
const staleAfterS = 30;
/** For a sign of life to arrive. */
const commandLimitMs = 10_000;

/** The compose file of a release, in its folder. */
export const releaseComposeFile = 'docker-compose.yml';

export function releaseFolder(host: DeployHost, id: ReleaseId): string {
  return `${host.folder}/releases/${id}`;
}

export function newReleaseId(at: Date): ReleaseId {
  const stamp = at.toISOString().replace(/[-:]/g, '').replace(/\.\d+/, '');
  return releaseIdSchema.parse(`${stamp}-${randomBytes(2).toString('hex')}`);
}

/** Who deploys, as the host's records name them. */
export function operator(): string {
  return `${userInfo().username}@${hostname()}`;
}

/** Writes a release's files to the host, before anything is changed. */
export async function storeRelease(
  host: DeployHost,
  stack: string,
  bundle: ComposeBundle,
  runtime: RuntimeKind,
  at: Date,
  signal: AbortSignal,
): Promise<ReleaseRecord> {
  const id = newReleaseId(at);
  const folder = releaseFolder(host, id);
  await host.writeFile(`${folder}/${releaseComposeFile}`, bundle.compose(id, {}), signal);
  for (const [name, content] of bundle.files(runtime))
    await host.writeFile(`${folder}/${name}`, content, signal);
  const record: ReleaseRecord = {
    id,
    stack,
    at: at.toISOString(),
    by: operator(),
    state: 'prepared',
    runtime,
    images: Object.fromEntries(bundle.services.map(({ name, image }) => [name, image])),
    pinned: {},
    environment: fingerprint(bundle),
  };
  await writeRecord(host, record, signal);
  return record;
}

/** Names the pulled digests in the compose file, so that the release stays what it is. */
export async function pinImages(
  host: DeployHost,
  record: ReleaseRecord,
  bundle: ComposeBundle,
  pinned: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<ReleaseRecord> {
  if (Object.keys(pinned).length === 0) return record;
  const folder = releaseFolder(host, record.id);
  await host.writeFile(`${folder}/${releaseComposeFile}`, bundle.compose(record.id, pinned), signal);
  const named = { ...record, pinned };
  await writeRecord(host, named, signal);
  return named;
}

function fingerprint(bundle: ComposeBundle): string {
  const values = bundle.services.map(({ name, environment }) => [name, [...environment].sort()]);
  return createHash('sha256').update(JSON.stringify(values)).digest('hex').slice(0, 12);
}

export async function writeRecord(
  host: DeployHost,
  record: ReleaseRecord,
  signal: AbortSignal,
): Promise<void> {
  await host.writeFile(`${releaseFolder(host, record.id)}/release.json`, JSON.stringify(record), signal);
}

/** Every release that the host keeps, the newest first. A record that can't be read is left out. */
export async function listReleases(host: DeployHost, signal: AbortSignal): Promise<ReleaseRecord[]> {
  const text = await host.run(
    `for file in ${shellWord(host.folder)}/releases/*/release.json; do [ -e "$file" ] && cat "$file" && echo; done; true`,
    signal,
  );
  return text
    .split('\n')
    .flatMap((line) => {
      const parsed = releaseRecordSchema.safeParse(jsonOf(line));
      return parsed.success ? [parsed.data] : [];
    })
    .sort((a, b) => b.id.localeCompare(a.id));
}

/** One kept release. Throws `RELEASE_NOT_FOUND`. */
export async function findRelease(
  host: DeployHost,
  id: ReleaseId,
  signal: AbortSignal,
): Promise<ReleaseRecord> {
  const releases = await listReleases(host, signal);
  const found = releases.find((release) => release.id === id);
  if (found !== undefined) return found;
  throw new AppError('RELEASE_NOT_FOUND', `The host keeps no release ${id}.`, {
    hint:
      releases.length === 0
        ? 'Nothing has been deployed from here yet.'
        : `It keeps ${releases.map((release) => release.id).join(', ')}.`,
  });
}

/**
 * Makes one release the live one in the records. Others that were being applied were cut off, and are over now. Older ones beyond the kept
 * number are removed with their files.
 */
export async function markLive(host: DeployHost, live: ReleaseRecord, signal: AbortSignal): Promise<void> {
  const releases = await listReleases(host, signal);
  for (const other of releases.filter(({ id, state }) => id !== live.id && state === 'live'))
    await writeRecord(host, { ...other, state: 'replaced' }, signal);
  for (const other of releases.filter(({ id, state }) => id !== live.id && state === 'applying'))
    await writeRecord(host, cutOff(other, live.id), signal);
  const { error: _none, ...clean } = live;
  await writeRecord(host, { ...clean, state: 'live' }, signal);
  const others = releases.filter(({ id }) => id !== live.id);
  const served = others.filter(({ state }) => state === 'live' || state === 'replaced');
  const old = [
    ...served.slice(keptReleases),
    ...others.filter((one) => !served.includes(one)).slice(keptReleases),
  ];
  for (const { id } of old) await host.run(`rm -rf ${shellWord(releaseFolder(host, id))}`, signal);
}

/** The record of a release whose deployment was cut off and that another one has followed. */
export function cutOff(record: ReleaseRecord, successor: ReleaseId): ReleaseRecord {
  const error = new AppError(
    'RELEASE_FAILED',
    `Its deployment was cut off, and ${successor} took its place.`,
  );
  return { ...record, state: 'failed', error: error.toShape() };
}

const lockSchema = z.object({
  nonce: z.string(),
  by: z.string(),
  at: z.string(),
  release: releaseIdSchema.optional(),
});

/** Who deploys now, if somebody does. */
export async function readLock(
  host: DeployHost,
  signal: AbortSignal,
): Promise<(z.infer<typeof lockSchema> & { stale: boolean }) | undefined> {
  const file = shellWord(`${host.folder}/lock`);
  const text = await host.run(
    `if [ -e ${file} ]; then echo $(( $(date +%s) - $(stat -c %Y ${file}) )); cat ${file}; fi`,
    signal,
  );
  const [age = '', ...rest] = text.split('\n');
  const parsed = lockSchema.safeParse(jsonOf(rest.join('\n')));
  if (age === '') return undefined;
  if (!parsed.success) return { nonce: '', by: 'somebody', at: new Date(0).toISOString(), stale: true };
  return { ...parsed.data, stale: Number(age) > staleAfterS };
}

/**
 * Does something while no other deployment of the stack can. Throws `RELEASE_LOCKED` while another one is alive; takes over from one that
 * was cut off.
 */
export async function withLock<T>(host: DeployHost, signal: AbortSignal, body: () => Promise<T>): Promise<T> {
  const nonce = randomBytes(8).toString('hex');
  const file = `${host.folder}/lock`;
  const word = shellWord(file);
  const take = async (): Promise<boolean> => {
    const content = JSON.stringify({ nonce, by: operator(), at: new Date().toISOString() });
    const answer = await host.run(
      // noclobber makes taking the lock one act of the file system.
      `umask 077; mkdir -p ${shellWord(host.folder)}; if (set -C; cat > ${word}) 2>/dev/null; then echo taken; fi`,
      signal,
      { input: content },
    );
    return answer.trim() === 'taken';
  };
  if (!(await take())) {
    const holder = await readLock(host, signal);
    if (holder?.stale === true) await host.run(`rm -f ${word}`, signal);
    if (holder?.stale === false || !(await take())) {
      throw new AppError('RELEASE_LOCKED', `${holder?.by ?? 'Somebody'} is deploying this stack.`, {
        hint: 'Wait until it has ended. A deployment that was cut off frees the stack after half a minute.',
        retryable: true,
        details: { since: holder?.at ?? '' },
      });
    }
  }
  const heartbeat = setInterval(() => {
    // A lost connection is told by whatever the body does next.
    host.run(`touch ${word}`, AbortSignal.timeout(commandLimitMs)).catch(() => undefined);
  }, heartbeatMs);
  try {
    return await body();
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'SSH_FAILED') throw error;
    throw new AppError(error.code, error.message, {
      ...error.toShape(),
      hint: 'The host may go on by itself. Look at the services once it answers again; the next deployment goes on from what it finds.',
    });
  } finally {
    clearInterval(heartbeat);
    // After a cut there is no way to remove it; it becomes stale.
    await host.run(`rm -f ${word}`, AbortSignal.timeout(commandLimitMs)).catch(() => undefined);
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
