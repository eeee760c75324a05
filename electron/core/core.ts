import path from 'node:path';
import type { InspectProgress } from '#shared/contract/inspect-objects';
import type { InspectReport } from '#shared/contract/migration';
import type { DecidedSchema } from '#shared/contract/schema-entries';
import type { Comparison } from '#shared/contract/comparison';
import type { Lane } from '#shared/model/run';
import { notedRuns } from './noted-runs';
import { perWorkspace } from './per-workspace';
import type { MigrationPorts } from './ports/migration-ports';
import type { OperatorDesk } from './ports/operator-desk';
import type { SecretsBroker } from './ports/secrets-broker';
import { type ActivityLog, openActivityLog } from './services/activity/activity-log';
import { type BucketsService, createBucketsService } from './services/buckets/buckets-service';
import { compareDatabases, type CompareOptions } from './services/compare/compare-databases';
import {
  type ConnectionsService,
  createConnectionsService,
} from './services/connections/connections-service';
import { requireSettingsFor } from './services/connections/connection-state';
import { connectionTesters } from './services/connections/testers';
import type { SignInAnswer, UserDelta } from '#shared/model/users-report';
import type { DatabaseChoices } from '#shared/model/database-choices';
import type { UsersMapping } from '#shared/model/users-mapping';
import { type AccessService, createAccessService } from './services/access/access-service';
import { openRestPort } from './adapters/supabase/rest';
import { createExposureService, type ExposureService } from './services/exposure/exposure-service';
import { createLinksService, type LinksService } from './services/links/links-service';
import { createDeployOperations, type DeployOperations } from './services/deploy/deploy-operations';
import { createDeployService, type DeployService } from './services/deploy/deploy-service';
import { createEasypanelService, type EasypanelService } from './services/deploy/easypanel-service';
import { inspect } from './services/migration/inspect';
import { migrationSteps } from './services/migration/migration-steps';
import { fingerprintsOf, openMigrationPorts } from './services/migration/open-ports';
import { noteCarried } from './services/activity/carry-activity';
import { readDatabaseChoices, saveDatabaseChoices } from './services/migration/database-choices';
import { readSchemaEntries } from './services/migration/schema-entries';
import { readUsersMapping, saveUsersMapping } from './services/migration/users-mapping';
import { trySignIn } from './services/migration/try-sign-in';
import { carryUsers } from './steps/users/user-delta';
import { createHealthService, type HealthService } from './services/health/health-service';
import { createLoadService, type LoadService } from './services/load/load-service';
import { noteSettings } from './services/activity/settings-activity';
import { createObjectsService, type ObjectsService } from './services/objects/objects-service';
import { createRunsService, type RunsService } from './services/runs/runs-service';
import { redactingFailures } from './services/settings/redact-error';
import { readEnvFile } from './services/settings/variables';
import { keepDirectory } from './services/users/open-directory';
import { savedViews, type SavedViews } from './services/users/saved-views';
import { createUsersService, type UsersService } from './services/users/users-service';
import { type SystemInfo, systemInfo } from './services/system/system-service';
import {
  createWorkspacesService,
  type OpenedWorkspace,
  type WorkspacesService,
} from './services/workspaces/workspaces-service';

/** The slowest good answer is a TLS handshake over a slow line; beyond this a host swallows packets. */
const connectionTestLimitMs = 20_000;

export interface CoreOptions {
  /** Folder for the list of workspaces and for those that were made without a path. */
  dataDir: string;
  host: 'desktop' | 'browser' | 'cli';
  /** Process environment: settings in it beat the env file, which beats the workspace. */
  env: Readonly<Record<string, string | undefined>>;
  /** Folder of the workspace to open. One that is absent or empty becomes a workspace. */
  workspace?: string;
  envFile?: string;
  version: string;
  /** Whether this installation carries the practice environment. */
  practice: boolean;
  /** Only the desktop has one. */
  secretsBroker?: SecretsBroker;
  /** Asks the operator for a folder on this machine, where a host can; undefined when none was chosen. */
  chooseFolder?: () => Promise<string | undefined>;
  /** Only the desktop has one. */
  desk?: OperatorDesk;
  /** Told when a run has to wait before it can begin. */
  onWait?: (message: string) => void;
}

export interface DeployFacility {
  service: DeployService;
  /** Easypanel's own services. */
  panel: EasypanelService;
  /** Deployments that outlive the page that began them. */
  operations: DeployOperations;
  /** Where a release's files stand unless the operator names another folder. */
  folder: string;
}

/** Everything that works, without a way to the outside: hosts serve it through the contract's handlers. */
export interface Core {
  readonly info: SystemInfo;
  readonly workspaces: WorkspacesService;
  readonly connections: ConnectionsService;
  /** The runs of the open workspace. Throws `WORKSPACE_NOT_OPEN`. */
  runs(): RunsService;
  /** What operators did in the open workspace. Throws `WORKSPACE_NOT_OPEN`. */
  activity(): ActivityLog;
  /** Keeps the copies of the source's buckets up to date, and proves them. Throws `WORKSPACE_NOT_OPEN`. */
  objects(): ObjectsService;
  /** The buckets of both sides. Throws `WORKSPACE_NOT_OPEN`. */
  buckets(): BucketsService;
  /** Links of the open workspace’s rows. Throws `WORKSPACE_NOT_OPEN`. */
  links(): LinksService;
  /** Live health of what the open workspace is connected to. */
  readonly health: HealthService;
  /** Load checks of the open workspace. Throws `WORKSPACE_NOT_OPEN`. */
  load(): LoadService;
  /** Public access to the migration’s buckets. Throws `WORKSPACE_NOT_OPEN`. */
  access(): AccessService;
  /** What the publishable key reaches on the target. Throws `WORKSPACE_NOT_OPEN`. */
  exposure(): ExposureService;
  /** The users of the open workspace's project. Throws `WORKSPACE_NOT_OPEN`. */
  users(): UsersService;
  /** Views of their list that are kept in the open workspace. Throws `WORKSPACE_NOT_OPEN`. */
  userViews(): SavedViews;
  /** Releases on the host of the open workspace. Throws `WORKSPACE_NOT_OPEN`. */
  deploy(): DeployFacility;
  /** Compares both databases as they are now; needs only their two addresses. Reads only. */
  compareDatabases(options: CompareOptions): Promise<Comparison>;
  /** What is on both sides. Reads only. */
  inspect(
    only: readonly Lane[],
    signal: AbortSignal,
    onProgress: (progress: InspectProgress) => void,
  ): Promise<InspectReport>;
  /** Keeps how the users of the open workspace are read; null goes back to what is found. Throws `USERS_MAPPING_INVALID`. */
  mapUsers(mapping: UsersMapping | null, signal: AbortSignal): Promise<void>;
  /** What the open workspace leaves out of the database. Throws `WORKSPACE_NOT_OPEN`. */
  databaseChoices(): Promise<DatabaseChoices>;
  /** Keeps it. Throws `INVALID_INPUT` for a pattern that means nothing, and for rows that others refer to. */
  chooseDatabase(choices: DatabaseChoices, signal: AbortSignal): Promise<void>;
  /** The source’s schema, entry by entry; `choices` are tried in place of the kept ones. Throws `INVALID_INPUT`. */
  schemaEntries(choices: DatabaseChoices | undefined, signal: AbortSignal): Promise<DecidedSchema>;
  /** Carries over what changed of the users since their import, or only counts it. */
  carryUsers(apply: boolean, signal: AbortSignal): Promise<UserDelta>;
  /** Signs in at the project with what an operator typed, and ends that session. */
  trySignIn(credentials: { login: string; password: string }, signal: AbortSignal): Promise<SignInAnswer>;
  /** Stops own runs so that they can be resumed, and waits for that. */
  close(): Promise<void>;
}

/** Composes the core. Throws `INVALID_INPUT`, `WORKSPACE_NOT_FOUND` and `WORKSPACE_UNREADABLE`. */
export async function createCore(options: CoreOptions): Promise<Core> {
  const workspaces = createWorkspacesService({
    dataDir: options.dataDir,
    env: options.env,
    envFileVariables: options.envFile === undefined ? {} : await readEnvFile(options.envFile),
    broker: options.secretsBroker,
  });
  if (options.workspace !== undefined) await workspaces.openOrCreate(options.workspace);

  const sshSecrets = {
    keyPassphrase: options.env.CUTOVER_SSH_KEY_PASSPHRASE,
    agent: options.env.SSH_AUTH_SOCK,
  };
  // Snapshots are taken when ports open; the newest one redacts the secrets of earlier ones as well.
  let redact = (text: string): string => text;
  const openPorts = async (workspace: OpenedWorkspace) => {
    const settings = await workspace.settings();
    redact = (text) => settings.redact(text);
    return openMigrationPorts(
      settings,
      await readUsersMapping(workspace.folder),
      await readDatabaseChoices(workspace.folder),
      sshSecrets,
    );
  };
  const safely = <T>(call: () => Promise<T>) => redactingFailures((text) => redact(text), call);

  const activityOf = (workspace: OpenedWorkspace): ActivityLog =>
    openActivityLog({
      workspaceDir: workspace.folder,
      host: options.host,
      redactor: async () => {
        const settings = await workspace.settings();
        return (text) => settings.redact(text);
      },
    });

  const opened = () => workspaces.opened();
  const runs = perWorkspace(
    opened,
    (workspace) => {
      const service = createRunsService({
        workspaceDir: workspace.folder,
        steps: (only) => migrationSteps.filter((step) => only.includes(step.lane)),
        openPorts: () => openPorts(workspace),
        fingerprints: (ports, only, signal) => fingerprintsOf(ports, only, signal),
        redact: (text) => redact(text),
        host: options.host,
        ...(options.onWait === undefined ? {} : { onWait: options.onWait }),
      });
      return notedRuns(service, {
        activity: activityOf(workspace),
        requireSettings: async (only) => requireSettingsFor(only, await workspace.settings()),
        safely,
      });
    },
    (service) => service.close(),
  );
  const buckets = perWorkspace(
    opened,
    (workspace) =>
      createBucketsService({
        settings: () => workspace.settings(),
        activity: activityOf(workspace),
        chooseFolder: options.chooseFolder,
      }),
    (service) => service.close(),
  );
  const users = perWorkspace(
    opened,
    (workspace) => {
      const kept = keepDirectory(async () => {
        const settings = await workspace.settings();
        redact = (text) => settings.redact(text);
        return settings;
      });
      return createUsersService({ open: kept.open, close: kept.close, activity: activityOf(workspace) });
    },
    (service) => service.close(),
  );
  const deploy = perWorkspace(
    opened,
    (workspace): DeployFacility => {
      const folder = path.join(workspace.folder, 'deploy');
      const service = createDeployService(() => workspace.settings(), sshSecrets);
      const panel = createEasypanelService(() => workspace.settings(), sshSecrets);
      const operations = createDeployOperations(
        () => service,
        () => panel,
        () => folder,
        (entry) => activityOf(workspace).record(entry),
      );
      return { service, panel, operations, folder };
    },
    ({ operations }) => operations.close(),
  );
  const load = perWorkspace(
    opened,
    (workspace) =>
      createLoadService({
        folder: path.join(workspace.folder, 'health'),
        settings: () => workspace.settings(),
        activity: activityOf(workspace),
      }),
    (service) => service.close(),
  );

  const connections = createConnectionsService({
    workspaces,
    testers: connectionTesters(options.env),
    testLimitMs: connectionTestLimitMs,
  });

  const withPorts = <T>(
    only: readonly Lane[],
    use: (ports: MigrationPorts, workspace: OpenedWorkspace) => Promise<T>,
  ): Promise<T> =>
    safely(async () => {
      const workspace = workspaces.opened();
      requireSettingsFor(only, await workspace.settings());
      const ports = await openPorts(workspace);
      try {
        return await use(ports, workspace);
      } finally {
        await ports.close();
      }
    });
  const health = createHealthService({
    workspaces,
    host: options.host,
    env: options.env,
    activity: () => activityOf(workspaces.opened()),
    desk: options.desk,
  });
  /** Another workspace or other secrets: what is watched changes with them. */
  const thenWake = async <T>(change: Promise<T>): Promise<T> => {
    const changed = await change;
    await health.wake();
    return changed;
  };
  await health.wake();

  return {
    info: systemInfo(options),
    workspaces: {
      ...workspaces,
      open: (folder) => thenWake(workspaces.open(folder)),
      create: (input) => thenWake(workspaces.create(input)),
      openOrCreate: (folder) => thenWake(workspaces.openOrCreate(folder)),
      unlock: (passphrase) => thenWake(workspaces.unlock(passphrase)),
    },
    health,
    connections: {
      ...connections,
      update: async (values) => {
        const updated = await connections.update(values);
        await noteSettings(activityOf(workspaces.opened()), values);
        await health.wake();
        return updated;
      },
    },
    runs: runs.ofOpened,
    activity: () => activityOf(workspaces.opened()),
    load: load.ofOpened,
    users: users.ofOpened,
    userViews: () => savedViews(workspaces.opened().folder),
    buckets: buckets.ofOpened,
    access: () =>
      createAccessService({
        withPorts: (work) => withPorts(['objects'], work),
        activity: () => activityOf(workspaces.opened()),
      }),
    exposure: () =>
      createExposureService({
        withTarget: (work) =>
          safely(async () => {
            const workspace = workspaces.opened();
            const settings = await workspace.settings();
            const ports = await openPorts(workspace);
            try {
              return await work(ports.database.target, openRestPort(settings));
            } finally {
              await ports.close();
            }
          }),
        activity: () => activityOf(workspaces.opened()),
      }),
    links: () =>
      createLinksService({
        withPorts: (work) => withPorts(['links'], work),
        activity: () => activityOf(workspaces.opened()),
      }),
    compareDatabases: (options) =>
      safely(async () => {
        const ports = await openPorts(workspaces.opened());
        try {
          await fingerprintsOf(ports, ['database'], options.signal);
          return await compareDatabases(ports.database, options);
        } finally {
          await ports.close();
        }
      }),
    objects: () =>
      createObjectsService({
        withPorts: (work) => withPorts(['objects'], (ports) => work(ports.objects)),
        activity: activityOf(workspaces.opened()),
      }),
    inspect: (only, signal, onProgress) =>
      withPorts(only, (ports) => inspect(only, ports, signal, onProgress)),
    mapUsers: (mapping, signal) =>
      withPorts(['users'], (ports, workspace) =>
        saveUsersMapping(workspace.folder, mapping, ports, activityOf(workspace), signal),
      ),
    databaseChoices: () => readDatabaseChoices(workspaces.opened().folder),
    chooseDatabase: (choices, signal) =>
      withPorts(['database'], (ports, workspace) =>
        saveDatabaseChoices(workspace.folder, choices, ports, activityOf(workspace), signal),
      ),
    schemaEntries: (choices, signal) =>
      withPorts(['database'], async (ports, workspace) =>
        readSchemaEntries(ports, choices ?? (await readDatabaseChoices(workspace.folder)), signal),
      ),
    carryUsers: (apply, signal) =>
      withPorts(['users'], async (ports, workspace) => {
        if (!apply) return carryUsers(ports, false, signal);
        await fingerprintsOf(ports, ['users'], signal);
        return noteCarried(activityOf(workspace), () => carryUsers(ports, true, signal));
      }),
    trySignIn: (credentials, signal) =>
      withPorts([], (ports, workspace) => trySignIn(ports.auth, activityOf(workspace), credentials, signal)),
    deploy: deploy.ofOpened,
    close: async () => {
      await buckets.close();
      await health.close();
      await load.close();
      await runs.close();
      await users.close();
      await deploy.close();
    },
  };
}
