import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

/**
 * Starts a thread from its bundle, which stands beside ours or above our chunk; in a checkout without a build from its source, through tsx.
 * `name` is the bundle's without `.js`.
 */
export function startWorkerThread(name: string, source: URL, workerData: unknown): Worker {
  for (const place of [`./${name}.js`, `../${name}.js`]) {
    const url = new URL(place, import.meta.url);
    if (existsSync(fileURLToPath(url))) return new Worker(url, { workerData });
  }
  const load = `import('tsx/esm/api').then((tsx) => tsx.tsImport(${JSON.stringify(source.href)}, ${JSON.stringify(import.meta.url)}))`;
  return new Worker(load, { workerData, eval: true });
}
