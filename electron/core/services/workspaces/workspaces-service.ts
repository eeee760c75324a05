import { randomBytes } from 'node:crypto';
import { mkdir, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { WorkspaceView } from '#shared/contract/workspaces';
import { AppError } from '#shared/model/errors';
import { settingDefinitions, settingNames } from '#shared/model/settings';
import type { SecretsBroker } from '../../ports/secrets-broker';
import { openSecretStore, type SecretStore, type SettingChanges } from '../secrets/secret-store';
import { createSettings, secretTextsOf, type WorkspaceSettings } from '../settings/settings';
import { applyChanges, settingsFromVariables, type SettingValues } from '../settings/variables';
import { knownWorkspaces } from './known-workspaces';
import { workspaceFile } from './workspace-file';

export interface WorkspacesOptions {
  dataDir: string;
  /** Process environment; beats the env file. */
  env: Readonly<Record<string, string | undefined>>;
  /** Variables of the env file; beat the workspace. */
  envFileVariables: Readonly<Record<string, string>>;
  broker: SecretsBroker | undefined;
}

export interface ListedWorkspace {
  path: string;
  name: string;
  practice: boolean;
  open: boolean;
}

/** The workspaces of this user and the one that is open. */
export interface WorkspacesService {
  current(): Promise<WorkspaceView | null>;
  list(): Promise<ListedWorkspace[]>;
  /** Throws `WORKSPACE_NOT_FOUND` or `WORKSPACE_UNREADABLE`; the workspace that was open stays open then. */
  open(folder: string): Promise<WorkspaceView>;
  /** Makes a workspace and opens it. Without a path it goes to the data folder. Throws `WORKSPACE_EXISTS`. */
  create(input: { path?: string | undefined; name: string; practice?: boolean }): Promise<WorkspaceView>;
  /** Opens a folder; one that is absent or empty becomes a workspace named after the folder. */
  openOrCreate(folder: string): Promise<WorkspaceView>;
  /** Opens the secrets, or makes the vault when the store is new. Throws `SECRETS_PASSPHRASE_WRONG`. */
  unlock(passphrase: string): Promise<WorkspaceView>;
  /** The open workspace, for work that stays with it when another one is opened. Throws `WORKSPACE_NOT_OPEN`. */
  opened(): OpenedWorkspace;
  /** Stores values of the right form; secrets go to the secrets store. Secrets first: when they can't be stored nothing is. */
  updateSettings(changes: SettingChanges): Promise<void>;
}

export interface OpenedWorkspace {
  readonly folder: string;
  /** Its newest settings. Throws `WORKSPACE_UNREADABLE`. */
  settings(): Promise<WorkspaceSettings>;
}

interface OpenWorkspace {
  folder: string;
  secrets: SecretStore;
}

/** Makes the service with no workspace open. */
export function createWorkspacesService(options: WorkspacesOptions): WorkspacesService {
  const known = knownWorkspaces(options.dataDir);
  const environment: SettingValues = {
    ...settingsFromVariables(options.envFileVariables),
    ...settingsFromVariables(options.env),
  };
  const fromEnvironment = settingNames.some(
    (name) => settingDefinitions[name].secret && environment[name] !== undefined,
  );
  // Grows only: a run that began with the earlier value of a secret goes on after the value was changed.
  const secretTexts = new Set(
    ['CUTOVER_PASSPHRASE', 'CUTOVER_SSH_KEY_PASSPHRASE'].flatMap(
      (name) => options.env[name] ?? options.envFileVariables[name] ?? [],
    ),
  );
  let current: OpenWorkspace | undefined;

  const required = (): OpenWorkspace => {
    if (current === undefined) {
      throw new AppError('WORKSPACE_NOT_OPEN', 'No workspace is open.', {
        hint: 'Open or create a workspace first; the command line takes one with --workspace.',
      });
    }
    return current;
  };

  const viewOf = async (workspace: OpenWorkspace): Promise<WorkspaceView> => {
    const file = await workspaceFile(workspace.folder).read();
    if (file === undefined) throw notFound(workspace.folder);
    return {
      path: workspace.folder,
      name: file.name,
      practice: file.practice ?? false,
      secrets: await workspace.secrets.view(),
    };
  };

  const settingsOf = async (workspace: OpenWorkspace): Promise<WorkspaceSettings> => {
    const [file, stored] = await Promise.all([
      workspaceFile(workspace.folder).read(),
      workspace.secrets.read(),
    ]);
    if (file === undefined) throw notFound(workspace.folder);
    const settings = createSettings({
      environment,
      workspace: { ...file.values, ...stored.values },
      locked: stored.locked,
      lockedError: stored.lockedError,
      secretTexts: [...secretTexts],
    });
    for (const text of secretTextsOf(stored.values)) secretTexts.add(text);
    return settings;
  };

  const open = async (input: string): Promise<WorkspaceView> => {
    const folder = path.resolve(input);
    const file = await workspaceFile(folder).read();
    if (file === undefined) throw notFound(folder);
    const practice = file.practice ?? false;
    const workspace: OpenWorkspace =
      current?.folder === folder
        ? current
        : {
            folder,
            secrets: openSecretStore({
              file: path.join(folder, 'secrets.json'),
              broker: options.broker,
              fromEnvironment,
              neverStored: practice,
            }),
          };
    const view = await viewOf(workspace);
    current = workspace;
    // A practice workspace is thrown away with its services.
    if (!practice) await known.remember({ path: folder, name: view.name });
    return view;
  };

  const create: WorkspacesService['create'] = async (input) => {
    const folder = path.resolve(
      input.path ?? path.join(options.dataDir, 'workspaces', folderNameFor(input.name)),
    );
    await mkdir(path.join(folder, 'runs'), { recursive: true, mode: 0o700 }).catch(() => {
      throw new AppError('WORKSPACE_UNREADABLE', `The folder ${folder} can't be made.`, {
        hint: 'Choose a folder in which this user may write.',
      });
    });
    await workspaceFile(folder).update((existing) => {
      if (existing !== undefined) {
        throw new AppError('WORKSPACE_EXISTS', `${folder} already is a workspace.`, {
          hint: 'Open it, or choose another folder.',
        });
      }
      return {
        version: 1,
        name: input.name,
        ...(input.practice === true ? { practice: true } : {}),
        values: {},
      };
    });
    return open(folder);
  };

  return {
    current: async () => (current === undefined ? null : viewOf(current)),
    list: async () => {
      const view = current === undefined ? undefined : await viewOf(current).catch(() => undefined);
      const others = (await known.list()).filter((workspace) => workspace.path !== view?.path);
      const present = await Promise.all(
        others.map(async (workspace) =>
          (await isAbsentOrEmpty(workspace.path)) ? [] : [{ ...workspace, practice: false, open: false }],
        ),
      );
      const first =
        view === undefined ? [] : [{ path: view.path, name: view.name, practice: view.practice, open: true }];
      return [...first, ...present.flat()];
    },
    open,
    create,
    openOrCreate: async (folder) => {
      if (!(await isAbsentOrEmpty(folder))) return open(folder);
      return create({ path: folder, name: path.basename(path.resolve(folder)).slice(0, 80) || 'Workspace' });
    },
    unlock: async (passphrase) => {
      const workspace = required();
      await workspace.secrets.unlock(passphrase);
      return viewOf(workspace);
    },
    opened: () => {
      const workspace = required();
      return { folder: workspace.folder, settings: () => settingsOf(workspace) };
    },
    updateSettings: async (changes) => {
      const workspace = required();
      const secrets = pick(changes, true);
      const plain = pick(changes, false);
      if (Object.keys(secrets).length > 0) await workspace.secrets.update(secrets);
      if (Object.keys(plain).length === 0) return;
      await workspaceFile(workspace.folder).update((file) => {
        if (file === undefined) throw notFound(workspace.folder);
        return { ...file, values: applyChanges(file.values, plain) };
      });
    },
  };
}

function pick(changes: SettingChanges, secret: boolean): SettingChanges {
  const picked: SettingChanges = {};
  for (const name of settingNames) {
    const value = changes[name];
    if (value !== undefined && settingDefinitions[name].secret === secret) picked[name] = value;
  }
  return picked;
}

function notFound(folder: string): AppError {
  return new AppError('WORKSPACE_NOT_FOUND', `${folder} is not a workspace: it has no workspace.json.`, {
    hint: 'Check the path, or create a workspace in an empty folder.',
  });
}

/** Readable, and never the same for two workspaces. */
function folderNameFor(name: string): string {
  const readable = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40);
  return `${readable === '' ? 'workspace' : readable}-${randomBytes(3).toString('hex')}`;
}

async function isAbsentOrEmpty(folder: string): Promise<boolean> {
  const found = await stat(folder).catch(() => undefined);
  if (found === undefined) return true;
  return found.isDirectory() && (await readdir(folder)).length === 0;
}
