import { randomBytes } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import type { DeployAction, DeployOperation } from '#shared/contract/deploy';
import type { DeployEvent, ReleaseRecord } from '#shared/model/deploy';
import type { NewActivity } from '#shared/model/activity';
import { AppError, isCancelled, toErrorShape } from '#shared/model/errors';
import type { Numbered } from '#shared/rpc/define';
import type { DeployService } from './deploy-service';
import type { EasypanelService } from './easypanel-service';
import type { Tell } from './rollout';

/** For a change of one service to be through; a release brings its own limit. */
const changeLimitMs = 10 * 60_000;

export interface DeployOperations {
  /** Begins one. Throws `RELEASE_LOCKED` while another one of this process goes on. */
  start(action: DeployAction): DeployOperation;
  last(): DeployOperation | null;
  /** Everything it told so far, then what it tells, until it has ended. Throws `NOT_FOUND`. */
  watch(id: string, after: number, signal: AbortSignal): AsyncIterable<Numbered<DeployEvent>>;
  cancel(id: string): void;
  /** Cancels what is under way and waits for it. */
  close(): Promise<void>;
}

interface Operation {
  view: DeployOperation;
  events: DeployEvent[];
  changed: EventEmitter;
  abort: AbortController;
  finished: Promise<void>;
}

/** Deployments that outlive the page that began them. Each ends in an entry of Activity. */
export function createDeployOperations(
  service: () => DeployService,
  panel: () => EasypanelService,
  defaultFolder: () => string,
  record: (entry: NewActivity) => Promise<void>,
): DeployOperations {
  let current: Operation | undefined;

  const find = (id: string): Operation => {
    if (current?.view.id === id) return current;
    throw new AppError('NOT_FOUND', 'This deployment is not known here.', {
      hint: 'Cutover was restarted since, or another host began it. The services show what is so now.',
    });
  };

  return {
    start: (action) => {
      if (current?.view.ended === false) {
        throw new AppError('RELEASE_LOCKED', 'Another deployment is under way.', {
          hint: 'Wait until it has ended, or cancel it.',
        });
      }
      const abort = new AbortController();
      const changed = new EventEmitter().setMaxListeners(0);
      const events: DeployEvent[] = [];
      const tell: Tell = (event) => {
        events.push(event);
        changed.emit('change');
      };
      const view: DeployOperation = {
        id: randomBytes(6).toString('hex'),
        kind: action.kind,
        at: new Date().toISOString(),
        ended: false,
      };
      const work = execute(service(), panel(), action, defaultFolder(), tell, abort.signal);
      const operation: Operation = {
        view,
        events,
        changed,
        abort,
        finished: work.then(
          async (release) => {
            await note(record, action, release?.id);
            tell({ type: 'end', outcome: 'done', ...(release === undefined ? {} : { release: release.id }) });
          },
          async (error: unknown) => {
            const shape = toErrorShape(error);
            await note(record, action, undefined, shape.message).catch(() => undefined);
            tell({
              type: 'end',
              outcome: isCancelled(error)
                ? 'cancelled'
                : shape.code === 'RELEASE_ROLLED_BACK'
                  ? 'rolled-back'
                  : 'failed',
              error: shape,
            });
          },
        ),
      };
      operation.finished = operation.finished
        .catch((error: unknown) => {
          tell({ type: 'end', outcome: 'failed', error: toErrorShape(error) });
        })
        .then(() => {
          operation.view = { ...operation.view, ended: true };
          changed.emit('change');
        });
      current = operation;
      return view;
    },
    last: () => current?.view ?? null,
    watch: async function* (id, after, signal) {
      const operation = find(id);
      for (let seq = after + 1; ;) {
        for (; seq < operation.events.length; seq += 1) {
          const event = operation.events[seq];
          if (event !== undefined) yield { seq, event };
        }
        if (operation.view.ended) return;
        await once(operation.changed, 'change', { signal });
      }
    },
    cancel: (id) => find(id).abort.abort(new AppError('CANCELLED', 'The deployment was cancelled.')),
    close: async () => {
      current?.abort.abort(new AppError('CANCELLED', 'Cutover was closed.'));
      await current?.finished;
    },
  };
}

async function execute(
  service: DeployService,
  panel: EasypanelService,
  action: DeployAction,
  defaultFolder: string,
  tell: Tell,
  signal: AbortSignal,
): Promise<ReleaseRecord | undefined> {
  switch (action.kind) {
    case 'apply':
      return service.apply(
        bundleSource(action.source, defaultFolder),
        {
          probes: action.probes,
          prune: action.prune,
          runtime: action.runtime,
          limitMs: action.limitSeconds * 1000,
          ...(action.migration === undefined ? {} : { migration: action.migration }),
        },
        tell,
        signal,
      );
    case 'rollback':
      return service.rollback(action.release, changeLimitMs, tell, signal);
    case 'scale':
      await service.scale(action.service, action.replicas, changeLimitMs, tell, signal);
      return undefined;
    case 'restart':
      await service.restart(action.service, changeLimitMs, tell, signal);
      return undefined;
    case 'panel-deploy':
      await panel.deployApp(action.target, action.image, action.limitSeconds * 1000, tell, signal);
      return undefined;
  }
}

/** The folder that the operator names, or the workspace's own. */
export function bundleSource(
  source: Extract<DeployAction, { kind: 'apply' }>['source'],
  defaultFolder: string,
) {
  return {
    folder: source.folder ?? defaultFolder,
    ...(source.composeFile === undefined ? {} : { composeFile: source.composeFile }),
    ...(source.envFile === undefined ? {} : { envFile: source.envFile }),
  };
}

function targetOf(action: DeployAction, release: string | undefined): string {
  switch (action.kind) {
    case 'apply':
      return release ?? 'release';
    case 'rollback':
      return action.release;
    case 'scale':
    case 'restart':
      return action.service;
    case 'panel-deploy':
      return `${action.target.project}/${action.target.service}`;
  }
}

function note(
  record: (entry: NewActivity) => Promise<void>,
  action: DeployAction,
  release: string | undefined,
  failure?: string,
): Promise<void> {
  return record({
    area: 'deploy',
    action: `deploy.${action.kind}`,
    target: targetOf(action, release),
    outcome: failure === undefined ? 'done' : 'failed',
    ...(action.kind === 'scale' ? { after: { replicas: action.replicas } } : {}),
    ...(action.kind === 'panel-deploy' ? { after: { image: action.image } } : {}),
    ...(failure === undefined ? {} : { detail: failure }),
  });
}
