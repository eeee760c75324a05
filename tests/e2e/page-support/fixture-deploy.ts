import type { deployContract, DeployOperation, LogLine } from '#shared/contract/deploy';
import type {
  ContainerUse,
  DeployEvent,
  DeployStatus,
  PreflightFinding,
  ReleasePlan,
  ReleasePreview,
} from '#shared/model/deploy';
import type { easypanelContract } from '#shared/contract/easypanel';
import type { ApplicationView } from '#shared/model/application';
import type { PanelView } from '#shared/model/easypanel';
import { AppError } from '#shared/model/errors';
import type { Handlers } from '#shared/rpc/define';

/** What the fixture host answers about releases. */
export interface FixtureDeploy {
  status: DeployStatus | AppError;
  preflight: PreflightFinding[];
  plan: ReleasePlan | AppError;
  operation: DeployOperation | null;
  /** What the operation told; it goes on unless the last one is an `end`. */
  events: DeployEvent[];
  logs: LogLine[];
  /** What the containers take; measured once. */
  use: ContainerUse[];
  /** The files with the values that were given. */
  files: (given: Readonly<Record<string, string>>) => ReleasePreview;
  application: ApplicationView | AppError;
  panel: PanelView | AppError;
}

export const emptyDeploy: FixtureDeploy = {
  status: { stack: 'shop', engine: '28.2.2', runtime: 'swarm', services: [], releases: [] },
  preflight: [{ id: 'engine', severity: 'ok', title: 'Docker', message: '28.2.2 on Debian 12, 4 cores.' }],
  plan: { stack: 'shop', services: [], environment: [], warnings: [] },
  operation: null,
  events: [],
  logs: [],
  use: [],
  files: () => ({ folder: '/home/ada/.cutover/shop/deploy', variables: [] }),
  application: { root: '/home/ada/shop', head: 'c0ffee', dirty: false, files: [], routes: [], open: [] },
  panel: { generation: 'flat', projects: [], services: [] },
};

/** The deploy operations of the fixture host. */
export function deployFixture(
  now: () => FixtureDeploy | AppError,
  note: (name: string, input: unknown) => void,
): Handlers<typeof deployContract & typeof easypanelContract> {
  const given = (): FixtureDeploy => {
    const found = now();
    if (found instanceof AppError) throw found;
    return found;
  };
  const orThrow = <T>(answer: T | AppError): T => {
    if (answer instanceof AppError) throw answer;
    return answer;
  };
  return {
    'deploy.status': async () => Promise.resolve(orThrow(given().status)),
    'deploy.preflight': async () => Promise.resolve(given().preflight),
    'deploy.plan': async () => Promise.resolve(orThrow(given().plan)),
    'deploy.start': async (action) => {
      note('deploy.start', action);
      const operation = { id: 'op-1', kind: action.kind, at: '2026-01-02T03:04:05.000Z', ended: false };
      given().operation = operation;
      return Promise.resolve(operation);
    },
    'deploy.operation': async () => Promise.resolve(given().operation),
    'deploy.watch': async function* (_input, { after, signal }) {
      const { events } = given();
      for (const [seq, event] of events.entries()) if (seq > after) yield { seq, event };
      if (events.at(-1)?.type === 'end') return;
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    },
    'deploy.cancel': async (input) => {
      note('deploy.cancel', input);
      return Promise.resolve({});
    },
    'deploy.logs': async function* (filter, { signal }) {
      note('deploy.logs', filter);
      for (const [seq, event] of given().logs.entries()) yield { seq, event };
      if (!filter.follow) return;
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    },
    'deploy.use': async function* (_input, { signal }) {
      yield { seq: 0, event: given().use };
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    },
    'deploy.previewFiles': async (input) => Promise.resolve(given().files(input.given)),
    'deploy.writeFiles': async (input) => {
      note('deploy.writeFiles', input);
      return Promise.resolve(given().files(input.given));
    },
    'deploy.application': async (input) => {
      note('deploy.application', input);
      return Promise.resolve(orThrow(given().application));
    },
    'deploy.writeBranch': async (input) => {
      note('deploy.writeBranch', input);
      return Promise.resolve({ commit: 'beefbeefbeefbeefbeefbeefbeefbeefbeefbeef' });
    },
    'easypanel.list': async () => Promise.resolve(orThrow(given().panel)),
    'easypanel.planEnvironment': async () =>
      Promise.resolve([{ name: 'SENTRY_DSN', change: 'added' as const }]),
    'easypanel.setEnvironment': async (input) => {
      note('easypanel.setEnvironment', input);
      return Promise.resolve([]);
    },
    'easypanel.addDomain': async (input) => {
      note('easypanel.addDomain', input);
      return Promise.resolve({});
    },
    'deploy.initialiseSwarm': async () => {
      note('deploy.initialiseSwarm', {});
      return Promise.resolve({});
    },
  };
}
