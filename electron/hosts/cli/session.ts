import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { AppContract } from '#shared/contract/contract';
import { AppError, toAppError } from '#shared/model/errors';
import { settingDefinitions, type SettingName } from '#shared/model/settings';
import type { Handlers } from '#shared/rpc/define';
import { createHandlers } from '../../core/api/handlers';
import { type Core, createCore } from '../../core/core';
import { describeConnectionUrl } from '../../core/services/settings/connection-url';
import { settingMissing } from '../../core/services/settings/settings';
import {
  readEnvFile,
  settingsFromVariables,
  type SettingValues,
} from '../../core/services/settings/variables';
import type { CommandContext } from './context';
import { askPassphrase } from './prompt';

export interface SessionOptions {
  workspace?: string | undefined;
  envFile?: string | undefined;
}

/** What a command needs of the secrets: `ask` also prompts on a terminal. */
export type SecretsUse = 'none' | 'unlock' | 'ask';

export interface Session {
  core: Core;
  handlers: Handlers<AppContract>;
}

export interface SessionUse {
  secrets: SecretsUse;
  /** A run by which its workspace is found when none is named. */
  runId?: string | undefined;
  /** For a page: without a workspace and settings the last one opens, or none. */
  forPage?: boolean;
}

/**
 * Opens the core for as long as `work` runs, on the workspace that the command names, or that holds the run, or that the settings in the
 * environment lead to.
 */
export async function withSession<T>(
  context: CommandContext,
  options: SessionOptions,
  use: SessionUse,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const { env, dataDir, installation, output } = context;
  const named = options.workspace ?? (env.CUTOVER_WORKSPACE === '' ? undefined : env.CUTOVER_WORKSPACE);
  const core = await createCore({
    dataDir,
    host: use.forPage === true ? 'browser' : 'cli',
    env,
    version: installation.version,
    practice: installation.practice !== undefined,
    onWait: (message) => output.note(message),
    ...(named === undefined ? {} : { workspace: named }),
    ...(options.envFile === undefined ? {} : { envFile: options.envFile }),
  });
  try {
    if (named === undefined) await openImplied(core, context, options.envFile, use);
    if (use.secrets !== 'none') await unlock(core, context, use.secrets);
    return await work({ core, handlers: createHandlers(core) });
  } finally {
    await core.close();
  }
}

/** Opens the workspace that belongs to the settings in the environment, and makes it the first time. */
async function openImplied(
  core: Core,
  { env, dataDir }: CommandContext,
  envFile: string | undefined,
  { runId, forPage }: SessionUse,
): Promise<void> {
  if (runId !== undefined) {
    for (const known of await core.workspaces.list()) {
      if (await isFolder(path.join(known.path, 'runs', runId))) {
        await core.workspaces.open(known.path);
        return;
      }
    }
  }
  const settings: SettingValues = {
    ...(envFile === undefined ? {} : settingsFromVariables(await readEnvFile(envFile))),
    ...settingsFromVariables(env),
  };
  const implied = impliedWorkspace(settings);
  if (implied === undefined) {
    if (forPage !== true) throw nothingGiven();
    await openLast(core);
    return;
  }
  const folder = path.join(dataDir, 'workspaces', implied.folder);
  try {
    await core.workspaces.open(folder);
  } catch (error) {
    if (toAppError(error).code !== 'WORKSPACE_NOT_FOUND') throw error;
    await createOrOpen(core, folder, implied.name);
  }
}

/** The page can open or make another one, so an unreadable workspace is no reason not to start. */
async function openLast(core: Core): Promise<void> {
  const [last] = await core.workspaces.list();
  if (last !== undefined) await core.workspaces.open(last.path).catch(() => undefined);
}

/** Two commands may start at the same moment: the second one opens what the first one made. */
async function createOrOpen(core: Core, folder: string, name: string): Promise<void> {
  try {
    await core.workspaces.create({ path: folder, name });
  } catch (error) {
    if (toAppError(error).code !== 'WORKSPACE_EXISTS') throw error;
    await core.workspaces.open(folder);
  }
}

/**
 * The workspace for settings that came without one: the same target always leads to the same workspace, so that its runs are found again.
 * Only what identifies the target goes in; without a target, the source.
 */
export function impliedWorkspace(settings: SettingValues): { folder: string; name: string } | undefined {
  const address = (name: SettingName) => describeConnectionUrl(settings[name] ?? '');
  const host = (name: SettingName) =>
    URL.canParse(settings[name] ?? '') ? new URL(settings[name] ?? '').host : undefined;
  const target = [
    host('SUPABASE_URL'),
    address('SUPABASE_DB_URL'),
    host('R2_ENDPOINT') ?? settings.R2_ACCOUNT_ID,
    settings.R2_BUCKET_PREFIX,
  ];
  const source = [address('SOURCE_DATABASE_URL'), host('SOURCE_S3_ENDPOINT')];
  const identity = target.some((part) => part !== undefined) ? target : source;
  const name = identity.find((part) => part !== undefined);
  if (name === undefined) return undefined;
  const hash = createHash('sha256').update(JSON.stringify(identity)).digest('hex').slice(0, 12);
  return { folder: `env-${hash}`, name: name.slice(0, 80) };
}

function nothingGiven(): AppError {
  const missing = settingMissing('SOURCE_DATABASE_URL');
  return new AppError('SETTING_MISSING', 'SOURCE_DATABASE_URL is not set, and no workspace is named.', {
    hint: 'Name a workspace with --workspace DIR, an env file with --env-file FILE, or set the variables.',
    details: missing.details,
  });
}

async function unlock(core: Core, context: CommandContext, use: SecretsUse): Promise<void> {
  const view = await core.workspaces.current();
  if (view?.secrets.kind !== 'passphrase' || view.secrets.state !== 'locked') return;
  const given = context.env.CUTOVER_PASSPHRASE;
  if (given !== undefined && given !== '') {
    await core.workspaces.unlock(given);
    return;
  }
  if (use !== 'ask' || context.terminal === undefined || !(await needsStore(core))) return;
  const question = `Passphrase of the workspace ${view.name}: `;
  await core.workspaces.unlock(await askPassphrase(context.terminal, question, context.signal));
}

/** Whether a secret comes from the store: the environment may give them all. */
async function needsStore(core: Core): Promise<boolean> {
  const connections = await core.connections.list();
  return connections.some((connection) =>
    connection.settings.some(({ name, origin }) => origin === 'workspace' && settingDefinitions[name].secret),
  );
}

async function isFolder(folder: string): Promise<boolean> {
  const found = await stat(folder).catch(() => undefined);
  return found?.isDirectory() === true;
}
