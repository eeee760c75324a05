import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { DatasetName } from './dataset';

export interface StoreProcess {
  readonly endpoint: string;
  stop(): void;
}

async function start(file: string, args: readonly string[]): Promise<StoreProcess> {
  const child = spawn(
    process.execPath,
    ['--expose-gc', '--import', 'tsx', `bench/objects/${file}`, ...args],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const ended = once(child, 'exit').then(() => {
    throw new Error(`${file} ended before it was ready.`);
  });
  ended.catch(() => undefined);
  const line: unknown[] = await Promise.race([once(createInterface({ input: child.stdout }), 'line'), ended]);
  return { endpoint: String(line[0]), stop: () => void child.kill('SIGKILL') };
}

/** A store that checks signatures and checksums, in memory. */
export function startStore(profile: 'minio' | 'r2', dataset: DatasetName): Promise<StoreProcess> {
  return start('store.ts', [profile, dataset]);
}

/** A store that costs as little as possible; see null-store.ts. */
export function startNullStore(role: 'source' | 'sink', count: number, bytes: number): Promise<StoreProcess> {
  return start('null-store.ts', [role, String(count), String(bytes)]);
}
