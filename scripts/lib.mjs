import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

/** The checkout's root. */
export const root = path.resolve(import.meta.dirname, '..');

/**
 * Runs a program in the checkout with this terminal's input and output; resolves with its exit code. A program that is still running
 * after `timeoutMs` is killed, and the code is 124.
 */
export function run(command, args, { env = process.env, timeoutMs, stdio = 'inherit' } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: root,
      env,
      stdio,
      shell: process.platform === 'win32' && command === 'npm',
    });
    let timedOut = false;
    const timer =
      timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            timedOut = true;
            child.kill('SIGKILL');
          }, timeoutMs);
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on('exit', (code, signal) => {
      clearTimeout(timer);
      resolve(timedOut ? 124 : (code ?? (signal === 'SIGINT' ? 130 : 1)));
    });
    for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => child.kill(signal));
  });
}

/** Runs a script of an installed package with this very Node. */
export function runNode(args, options) {
  return run(process.execPath, args, options);
}

/** A hash over the names, sizes and contents of all files below the given folders and files. */
export function hashOf(entries) {
  const hash = createHash('sha256');
  const visit = (file) => {
    if (!existsSync(file)) return;
    if (statSync(file).isDirectory()) {
      for (const name of readdirSync(file).sort()) visit(path.join(file, name));
      return;
    }
    hash.update(path.relative(root, file)).update('\0').update(readFileSync(file)).update('\0');
  };
  for (const entry of entries) visit(path.join(root, entry));
  return hash.digest('hex');
}
