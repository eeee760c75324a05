import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  createRunsService,
  type RunsService,
  type RunsServiceOptions,
} from '#core/services/runs/runs-service';
import { type Behaviour, type DiskPorts, diskSteps } from './disk-steps';

export interface DiskServiceOptions {
  workspace: string;
  host: string;
  pace?: number;
  behaviour?: Behaviour;
  overrides?: Partial<RunsServiceOptions<DiskPorts>>;
}

/** A runs service whose steps write into the workspace's own `target` folder. */
export async function diskService(options: DiskServiceOptions): Promise<RunsService> {
  const { workspace, host, pace = 2, behaviour = {} } = options;
  const target = join(workspace, 'target');
  await mkdir(target, { recursive: true });
  return createRunsService<DiskPorts>({
    workspaceDir: workspace,
    host,
    steps: diskSteps,
    openPorts: () => Promise.resolve({ target, pace, behaviour, close: () => Promise.resolve() }),
    fingerprints: () => Promise.resolve({ source: 'the-source', target: 'the-target' }),
    redact: (text) => text.replaceAll('hunter2', '•••'),
    ...options.overrides,
  });
}
