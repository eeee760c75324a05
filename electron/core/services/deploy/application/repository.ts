import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { AppError } from '#shared/model/errors';
import type { FileChange, FileTree } from './changes';

/** An operator's checkout. Nothing in it changes but for a branch that is asked for. */
export interface Repository {
  root: string;
  /** The commit that is read. */
  head: string;
  /** The files of that commit that are text, up to a megabyte each. */
  files: FileTree;
  /** Whether the working tree holds changes that are not committed, which are not looked at. */
  dirty: boolean;
}

const maximumBytes = 1024 * 1024;

interface GitOptions {
  env?: Record<string, string>;
  input?: string;
  signal: AbortSignal;
}

/** Runs git. Hooks and prompts stay out of it. */
function git(folder: string, args: readonly string[], options: GitOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      'git',
      ['-C', folder, '-c', 'core.hooksPath=/dev/null', '-c', 'core.autocrlf=false', ...args],
      {
        encoding: 'buffer',
        maxBuffer: 512 * 1024 * 1024,
        signal: options.signal,
        env: { ...process.env, GIT_TERMINAL_PROMPT: '0', ...options.env },
      },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(new Error(stderr.toString('utf8').trim() || error.message));
      },
    );
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(options.input ?? '');
  });
}

/** Reads the last commit of a checkout. Throws `INVALID_INPUT` when the folder is none or has no commit. */
export async function readRepository(folder: string, signal: AbortSignal): Promise<Repository> {
  const text = async (args: readonly string[]): Promise<string> =>
    (await git(folder, args, { signal })).toString('utf8');
  const refuse = (hint: string) => (error: unknown) => {
    signal.throwIfAborted();
    throw new AppError('INVALID_INPUT', `${folder} is no checkout that can be read.`, { hint, cause: error });
  };
  const root = (
    await text(['rev-parse', '--show-toplevel']).catch(
      refuse('Name the folder of a git repository with --repo. Is git installed?'),
    )
  ).trim();
  const head = (
    await text(['rev-parse', '--verify', 'HEAD']).catch(
      refuse('Commit the application first: the last commit is what is read.'),
    )
  ).trim();
  const listed = (await text(['ls-tree', '-r', '-l', '-z', 'HEAD'])).split('\0').flatMap((line) => {
    const [, id, size, name] = /^\d+ blob (\w+)\s+(\d+)\t(.+)$/s.exec(line) ?? [];
    return id === undefined || name === undefined || Number(size) > maximumBytes ? [] : [{ id, name }];
  });
  const blobs = await git(root, ['cat-file', '--batch'], {
    signal,
    input: listed.map(({ id }) => `${id}\n`).join(''),
  });
  const dirty = (await text(['status', '--porcelain', '--untracked-files=no'])) !== '';
  return {
    root,
    head,
    files: readBatch(
      blobs,
      listed.map(({ name }) => name),
    ),
    dirty,
  };
}

/** The answer of `cat-file --batch`: a line with the size before each file, and a line end behind. */
function readBatch(blobs: Buffer, names: readonly string[]): FileTree {
  const files = new Map<string, string>();
  let at = 0;
  for (const name of names) {
    const end = blobs.indexOf(0x0a, at);
    const size = Number(blobs.toString('latin1', at, end).split(' ')[2]);
    const content = blobs.subarray(end + 1, end + 1 + size);
    at = end + 1 + size + 1;
    if (!content.includes(0)) files.set(name, content.toString('utf8'));
  }
  return files;
}

/**
 * Writes the changes as one commit on a new branch. Working tree, index and the checked-out branch stay as they are. Throws
 * `INVALID_INPUT` when the branch exists or its name is none.
 */
export async function writeBranch(
  repository: Repository,
  branch: string,
  changes: readonly FileChange[],
  signal: AbortSignal,
): Promise<string> {
  const { root, head } = repository;
  const refused = (message: string, hint: string) => new AppError('INVALID_INPUT', message, { hint });
  await git(root, ['check-ref-format', '--branch', branch], { signal }).catch(() => {
    throw refused(`${branch} is no name for a branch.`, 'For example cutover/supabase.');
  });
  const taken = await git(root, ['rev-parse', '--verify', '--quiet', `refs/heads/${branch}`], {
    signal,
  }).then(
    () => true,
    () => false,
  );
  if (taken)
    throw refused(`There is a branch ${branch} already.`, 'Choose another name, or delete it first.');
  const folder = await mkdtemp(path.join(tmpdir(), 'cutover-index-'));
  try {
    const env = { GIT_INDEX_FILE: path.join(folder, 'index') };
    await git(root, ['read-tree', head], { env, signal });
    const entries: string[] = [];
    for (const { path: name, after } of changes) {
      if (after === undefined) entries.push(`0 ${'0'.repeat(40)}\t${name}`);
      else {
        const id = await git(root, ['hash-object', '-w', '--stdin'], { input: after, signal });
        entries.push(`100644 ${id.toString('utf8').trim()}\t${name}`);
      }
    }
    await git(root, ['update-index', '-z', '--index-info'], {
      env,
      signal,
      input: entries.map((entry) => `${entry}\0`).join(''),
    });
    const tree = (await git(root, ['write-tree'], { env, signal })).toString('utf8').trim();
    const message = 'Move accounts to Supabase Auth and files to R2\n\nPrepared by Cutover.\n';
    const commit = await git(root, ['commit-tree', tree, '-p', head, '-F', '-'], {
      signal,
      input: message,
      env: await identity(root, signal),
    });
    const id = commit.toString('utf8').trim();
    await git(root, ['branch', '--no-track', branch, id], { signal });
    return id;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The operator's own name where git knows it. */
async function identity(root: string, signal: AbortSignal): Promise<Record<string, string>> {
  const known = await git(root, ['config', 'user.email'], { signal }).then(
    () => true,
    () => false,
  );
  if (known) return {};
  const [name, email] = ['Cutover', 'cutover@localhost'];
  return {
    GIT_AUTHOR_NAME: name,
    GIT_AUTHOR_EMAIL: email,
    GIT_COMMITTER_NAME: name,
    GIT_COMMITTER_EMAIL: email,
  };
}
