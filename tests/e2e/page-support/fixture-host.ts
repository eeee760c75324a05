import { resolve } from 'node:path';
import { startBrowserHost, type BrowserHost } from '../../../electron/hosts/browser/browser-host';
import type { AppContract } from '#shared/contract/contract';
import type { ActivityEntry } from '#shared/model/activity';
import type { Comparison } from '#shared/contract/comparison';
import type { ExposureReport } from '#shared/contract/exposure';
import type { BucketAccess } from '#shared/contract/access';
import type { ConnectionTest, ConnectionView, ImportResult } from '#shared/contract/connections';
import type { LinkCheck, LinkFindings, LinkRewrite } from '#shared/contract/links';
import type { HealthSettings } from '#shared/contract/health';
import type { HealthOverview } from '#shared/model/health';
import type { LoadOverview } from '#shared/contract/load';
import type { InspectProgress } from '#shared/contract/inspect-objects';
import type { InspectReport } from '#shared/contract/migration';
import type { SchemaEntryView } from '#shared/contract/schema-entries';
import type { WorkspaceView } from '#shared/contract/workspaces';
import type { DatabaseChoices } from '#shared/model/database-choices';
import { AppError, type ErrorShape } from '#shared/model/errors';
import type { PlanView } from '#shared/model/run';
import type { UserDelta } from '#shared/model/users-report';
import type { End } from '#shared/model/settings';
import type { Handlers } from '#shared/rpc/define';
import { bucketsFixture, type FixtureBuckets } from './fixture-buckets';
import { bucketAccess, exposureReport, preflights } from './fixture-access';
import { comparison } from './fixture-comparison';
import { connectedEnds, passedTest, workspace } from './fixture-connections';
import { schemaEntries, report } from './fixture-inspection';
import { linkCheck, linkFindings } from './fixture-links';
import { plan } from './fixture-plan';
import { healthFixture, healthSettings, nothingWatched } from './fixture-health';
import { loadFixture, loadOrigin } from './fixture-load';
import { deployFixture, emptyDeploy, type FixtureDeploy } from './fixture-deploy';
import type { FixtureRun } from './fixture-run';
import { type FixtureUsers, someUsers, usersFixture } from './fixture-users';

type Answer<T> = T | AppError | Promise<T>;

/** What the fixture host answers; a test changes it while the page is open. */
export interface Situation {
  workspace: WorkspaceView | null;
  workspaces: { path: string; name: string; practice: boolean; open: boolean }[];
  practice: boolean;
  connections: ConnectionView[];
  tests: Partial<Record<End, ConnectionTest>>;
  imported: ImportResult;
  inspect: Answer<InspectReport>;
  databaseChoices: DatabaseChoices;
  delta: Answer<UserDelta>;
  /** The password with which anybody can sign in. */
  oldPassword: string;
  /** Entries of the source's schema, when nothing is left out. */
  schema: Answer<SchemaEntryView[]>;
  /** What is told before the answer. */
  inspectProgress?: InspectProgress;
  plan: Answer<PlanView>;
  comparison: Answer<Comparison>;
  start: (run: FixtureRun) => void;
  startError?: AppError;
  passphrase: string;
  activity: ActivityEntry[] | AppError;
  buckets: FixtureBuckets | AppError;
  links: Answer<LinkFindings>;
  rewrites: LinkRewrite[] | AppError;
  access: Answer<BucketAccess[]>;
  exposure: Answer<ExposureReport>;
  linkCheck: Answer<LinkCheck>;
  health: HealthOverview | AppError;
  healthSettings: HealthSettings;
  load: LoadOverview;
  users: FixtureUsers | AppError;
  deploy: FixtureDeploy | AppError;
  runs: FixtureRun[];
  /** The run that `runs.start` starts. */
  nextRun?: FixtureRun;
  /** Calls as they came, with their input. */
  calls: { name: string; input: unknown }[];
  onControl: (name: 'pause' | 'continue' | 'cancel' | 'resume' | 'verify', run: FixtureRun) => void;
}

export function situation(changes: Partial<Situation> = {}): Situation {
  return {
    workspace,
    workspaces: [
      { path: workspace.path, name: workspace.name, practice: false, open: true },
      { path: '/home/operator/blog', name: 'blog', practice: false, open: false },
    ],
    practice: true,
    connections: connectedEnds(),
    tests: {},
    imported: { filled: [], notFilled: [], ignored: [] },
    inspect: report,
    delta: new AppError('NOT_FOUND', 'Nothing was imported.'),
    oldPassword: 'old password',
    databaseChoices: { leaveOut: [], withoutRows: ['public.audit_log'], withoutEntries: [] },
    schema: schemaEntries,
    plan,
    comparison,
    start: () => undefined,
    passphrase: 'correct horse',
    activity: [],
    buckets: { source: {}, target: {} },
    links: linkFindings,
    rewrites: [],
    access: bucketAccess,
    exposure: exposureReport,
    linkCheck,
    health: nothingWatched(),
    healthSettings: healthSettings(),
    load: { results: [], own: [loadOrigin], tokens: ['none'] },
    users: someUsers(),
    deploy: emptyDeploy,
    runs: [],
    calls: [],
    onControl: () => undefined,
    ...changes,
  };
}

async function give<T>(answer: Answer<T>): Promise<T> {
  if (answer instanceof AppError) throw answer;
  return answer;
}

function handlersFor(now: Situation): Handlers<AppContract> {
  const runOf = (runId: string): FixtureRun => {
    const run = now.runs.find((item) => item.id === runId);
    if (run === undefined) throw new AppError('NOT_FOUND', `There is no run ${runId}.`);
    return run;
  };
  const note = (name: string, input: unknown) => now.calls.push({ name, input });
  const enter = (view: WorkspaceView): WorkspaceView => {
    now.workspace = view;
    now.workspaces = now.workspaces.map((item) => ({ ...item, open: item.path === view.path }));
    return view;
  };
  const control = (name: 'pause' | 'continue' | 'cancel', runId: string) => {
    note(`runs.${name}`, { runId });
    now.onControl(name, runOf(runId));
    return Promise.resolve({});
  };
  return {
    'system.info': async () =>
      Promise.resolve({ version: '0.1.0', host: 'browser' as const, practice: now.practice, pid: 1 }),
    'workspaces.current': async () => Promise.resolve(now.workspace),
    'workspaces.list': async () => Promise.resolve(now.workspaces),
    'workspaces.open': async ({ path }) => {
      const known = now.workspaces.find((item) => item.path === path);
      if (known === undefined) throw new AppError('WORKSPACE_NOT_FOUND', `There is no workspace in ${path}.`);
      return Promise.resolve(enter({ ...workspace, path, name: known.name }));
    },
    'workspaces.create': async ({ name, path }) => {
      note('workspaces.create', { name, path });
      return Promise.resolve(
        enter({
          ...workspace,
          name,
          path: path ?? `/home/operator/${name}`,
          secrets: { kind: 'passphrase', state: 'new' },
        }),
      );
    },
    'workspaces.unlock': async ({ passphrase }) => {
      if (passphrase !== now.passphrase)
        throw new AppError('SECRETS_PASSPHRASE_WRONG', 'The passphrase does not open the secrets.');
      return Promise.resolve(
        enter({ ...(now.workspace ?? workspace), secrets: { kind: 'passphrase', state: 'open' } }),
      );
    },
    'activity.list': async () => ({ entries: await give(now.activity) }),
    ...bucketsFixture(() => now.buckets, note),
    'databases.compare': async function* (input) {
      note('databases.compare', input);
      yield { seq: 0, event: { type: 'done' as const, result: await give(now.comparison) } };
    },
    'exposure.show': () => give(now.exposure),
    'exposure.apply': async ({ fixes }) => {
      note('exposure.apply', { fixes });
      const applied = fixes.map(({ id }) => id);
      if (!(now.exposure instanceof AppError)) {
        const { findings, ...rest } = await now.exposure;
        now.exposure = { ...rest, at: 'later', findings: findings.filter(({ id }) => !applied.includes(id)) };
      }
      return { applied };
    },
    'access.show': () => give(now.access),
    'access.apply': async (input) => {
      note('access.apply', input);
      if (!(now.access instanceof AppError))
        now.access = (await now.access).map((bucket) =>
          input.targets.includes(bucket.target) ? { ...bucket, current: bucket.proposed } : bucket,
        );
      return Promise.resolve({ applied: input.targets });
    },
    'access.test': async (input) => {
      note('access.test', input);
      return Promise.resolve(preflights);
    },
    'links.find': async function* () {
      yield { seq: 0, event: { type: 'done' as const, result: await give(now.links) } };
    },
    'links.rewrites': () => give(now.rewrites),
    'links.check': async function* () {
      yield { seq: 0, event: { type: 'done' as const, result: await give(now.linkCheck) } };
    },
    'links.undo': async function* (input) {
      note('links.undo', input);
      if (!(now.rewrites instanceof AppError))
        now.rewrites = now.rewrites.map((rewrite) => ({ ...rewrite, undone: rewrite.rows }));
      yield await Promise.resolve({
        seq: 0,
        event: { type: 'done' as const, result: { restored: 3, left: 0 } },
      });
    },
    'links.forget': async (input) => {
      note('links.forget', input);
      now.rewrites = [];
      return Promise.resolve({});
    },
    ...healthFixture(now, note),
    ...loadFixture(now, note),
    ...usersFixture(() => now.users, note),
    ...deployFixture(() => now.deploy, note),
    'connections.list': async () => Promise.resolve(now.connections),
    'connections.update': async ({ values }) => {
      note('connections.update', values);
      now.connections = now.connections.map((connection) => ({
        ...connection,
        settings: connection.settings.map((setting) => {
          const value = values[setting.name];
          if (value === undefined) return setting;
          if (value === null) return { name: setting.name, set: false };
          const shown = connectedEnds()
            .flatMap((item) => item.settings)
            .find((item) => item.name === setting.name && item.value === undefined && item.set);
          return shown === undefined
            ? { name: setting.name, set: true, origin: 'workspace' as const, value }
            : shown;
        }),
        state: connection.settings.some((setting) => values[setting.name] !== undefined)
          ? 'configured'
          : connection.state,
      }));
      return Promise.resolve(now.connections);
    },
    'connections.test': async ({ end }) => {
      note('connections.test', { end });
      const result = now.tests[end] ?? passedTest(end);
      now.connections = now.connections.map((connection) =>
        connection.end === end ? { ...connection, lastTest: result } : connection,
      );
      return Promise.resolve(result);
    },
    'connections.import': async (input) => {
      note('connections.import', input);
      if (input.apply) now.connections = connectedEnds();
      return Promise.resolve(now.imported);
    },
    'migration.mapUsers': () => Promise.resolve({}),
    'migration.schema': async ({ choices = now.databaseChoices }) => {
      const chosen = new Set(choices.withoutEntries);
      const entries = (await give(now.schema)).map((entry): SchemaEntryView => {
        const along = [...chosen].find((id) => entry.sql.includes(id.split(' ')[1] ?? id));
        if (chosen.has(entry.id))
          return { ...entry, decision: 'left-out', chosen: true, reasons: ['the operator leaves it out'] };
        return along === undefined
          ? entry
          : { ...entry, decision: 'left-out', reasons: [`it needs ${along}, which the operator leaves out`] };
      });
      return { choices, entries };
    },
    'migration.databaseChoices': () => Promise.resolve(now.databaseChoices),
    'migration.chooseDatabase': (choices) => {
      note('migration.chooseDatabase', choices);
      now.databaseChoices = choices;
      return Promise.resolve({});
    },
    'migration.carryUsers': async (input) => {
      note('migration.carryUsers', input);
      return { ...(await give(now.delta)), applied: input.apply };
    },
    'migration.trySignIn': ({ login, password }) => {
      note('migration.trySignIn', { login });
      return Promise.resolve(
        password === now.oldPassword
          ? { taken: true as const, userId: 'u1' }
          : { taken: false as const, why: 'The password is not the right one.' },
      );
    },
    'migration.inspect': async function* (input) {
      note('migration.inspect', input);
      if (now.inspectProgress !== undefined)
        yield { seq: 0, event: { type: 'progress' as const, progress: now.inspectProgress } };
      yield { seq: 1, event: { type: 'done' as const, result: await give(now.inspect) } };
    },
    'migration.plan': async (input) => {
      note('migration.plan', input);
      return give(now.plan);
    },
    'runs.start': async (input) => {
      note('runs.start', input);
      if (now.startError !== undefined) throw now.startError;
      const run = now.nextRun;
      if (run === undefined) throw new AppError('INTERNAL', 'The fixture has no run to start.');
      now.runs = [run, ...now.runs];
      return Promise.resolve({ runId: run.id });
    },
    'runs.resume': async ({ runId }) => {
      note('runs.resume', { runId });
      now.onControl('resume', runOf(runId));
      return Promise.resolve({ runId });
    },
    'runs.pause': async ({ runId }) => control('pause', runId),
    'runs.continue': async ({ runId }) => control('continue', runId),
    'runs.cancel': async ({ runId }) => control('cancel', runId),
    'runs.list': async () =>
      Promise.resolve(
        now.runs.map((run) => {
          const view = run.view();
          const { id, state, only, startedAt, at, error, refused } = view;
          const warnings = view.steps.reduce(
            (sum, step) => sum + step.warnings.length + step.runWarnings.length,
            0,
          );
          return {
            id,
            state,
            only,
            startedAt,
            at,
            warnings,
            ...(error === undefined ? {} : { error }),
            ...(refused === undefined ? {} : { refused }),
          };
        }),
      ),
    'runs.get': async ({ runId }) => Promise.resolve(runOf(runId).view()),
    'runs.verify': async ({ runId }) => {
      note('runs.verify', { runId });
      now.onControl('verify', runOf(runId));
      return Promise.resolve(runOf(runId).view());
    },
    'runs.report': async ({ runId, format }) =>
      Promise.resolve(
        format === 'json'
          ? { fileName: `${runId}.json`, mediaType: 'application/json', text: JSON.stringify({ runId }) }
          : {
              fileName: `${runId}.html`,
              mediaType: 'text/html',
              text: `<!doctype html><title>${runId}</title>`,
            },
      ),
    'runs.watch': ({ runId }, { after, signal }) => runOf(runId).watch(after, signal),
  };
}

/** Serves the built page with canned answers. */
export async function startFixtureHost(now: Situation): Promise<BrowserHost> {
  return startBrowserHost({
    handlers: handlersFor(now),
    pageDir: resolve(import.meta.dirname, '../../../out/renderer'),
  });
}

/** A failure for fixtures, as a host sends it. */
export function failure(
  code: ErrorShape['code'],
  message: string,
  rest: Partial<ErrorShape> = {},
): ErrorShape {
  return { code, message, retryable: false, ...rest };
}
