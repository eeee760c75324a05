import { spawn } from 'node:child_process';
import { Socket } from 'node:net';
import type { Writable } from 'node:stream';

/**
 * Runs in a process of its own. PostgreSQL outlives a parent that is killed, so somebody has to notice: the watchdog
 * holds the read end of a pipe to us, and when that pipe closes it stops the clusters and removes the folders that
 * were still registered. A cluster's process id comes from its own postmaster.pid at that moment, so a reused id is
 * never signalled.
 */
const script = `
const fs = require('node:fs');
const path = require('node:path');
const registered = { cluster: new Set(), folder: new Set() };
let pending = '';
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const postmaster = (cluster) => {
  try {
    const pid = Number.parseInt(fs.readFileSync(path.join(cluster, 'postmaster.pid'), 'utf8'), 10);
    process.kill(pid, 0);
    return pid;
  } catch { return undefined; }
};
const signalTo = (cluster, signal) => {
  const pid = postmaster(cluster);
  if (pid !== undefined) try { process.kill(pid, signal); } catch {}
};
process.stdin.on('data', (chunk) => {
  const lines = (pending + chunk).split('\\n');
  pending = lines.pop();
  for (const line of lines) {
    const { kind, path, add } = JSON.parse(line);
    if (add) registered[kind].add(path); else registered[kind].delete(path);
  }
});
process.stdin.on('close', async () => {
  const clusters = [...registered.cluster];
  for (const cluster of clusters) signalTo(cluster, 'SIGINT');
  for (let tries = 0; tries < 100 && clusters.some((cluster) => postmaster(cluster) !== undefined); tries += 1) {
    if (tries === 50) for (const cluster of clusters) signalTo(cluster, 'SIGQUIT');
    await pause(100);
  }
  for (const folder of registered.folder) fs.rmSync(folder, { recursive: true, force: true });
  process.exit(0);
});
`;

let pipe: Writable | undefined;

function connect(): Writable {
  if (pipe !== undefined && !pipe.destroyed) return pipe;
  const child = spawn(process.execPath, ['-e', script], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    cwd: '/',
    env: { ELECTRON_RUN_AS_NODE: '1' },
  });
  child.unref();
  child.on('error', () => undefined);
  const { stdin } = child;
  stdin.on('error', () => undefined);
  // The pipe must not keep us alive: it closes with us, which is the point of it.
  if (stdin instanceof Socket) stdin.unref();
  pipe = stdin;
  return stdin;
}

/** What the watchdog takes care of when this process dies: a cluster is stopped, a folder is removed. */
export type Guarded = { kind: 'cluster' | 'folder'; path: string };

/** Puts a running cluster or a throwaway folder under the watchdog; the returned function takes it out again. */
export function guard(guarded: Guarded): () => void {
  const channel = connect();
  channel.write(`${JSON.stringify({ ...guarded, add: true })}\n`);
  return () => {
    if (!channel.destroyed) channel.write(`${JSON.stringify({ ...guarded, add: false })}\n`);
  };
}
