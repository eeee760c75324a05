import path from 'node:path';
import { createTwoFilesPatch } from 'diff';
import { actionOf, type FileChange } from '../../../core/services/deploy/application/changes';
import {
  planChanges,
  readApplicationTemplates,
} from '../../../core/services/deploy/application/plan-changes';
import { readRepository, writeBranch } from '../../../core/services/deploy/application/repository';
import type { CommandContext } from '../context';
import { type ExitCode, exitCodes } from '../exit-codes';
import { table } from '../text';

export interface DiffOptions {
  repo: string;
  branch?: string;
  summary?: boolean;
}

/** Shows what becomes of an application's repository, and writes it on a new branch when one is named. */
export async function deployDiff(context: CommandContext, options: DiffOptions): Promise<ExitCode> {
  const { output, installation, signal } = context;
  const repository = await readRepository(path.resolve(options.repo), signal);
  const changes = planChanges(repository.files, await readApplicationTemplates(installation.root));
  const branch = options.branch;
  const commit =
    branch === undefined ? undefined : await writeBranch(repository, branch, changes.files, signal);
  await output.document({
    root: repository.root,
    head: repository.head,
    dirty: repository.dirty,
    files: changes.files.map((change) => ({
      path: change.path,
      action: actionOf(change),
      reasons: change.reasons,
      patch: patchOf(change),
    })),
    routes: changes.routes,
    open: changes.open,
    ...(commit === undefined ? {} : { branch: { name: branch, commit } }),
  });
  if (repository.dirty)
    output.note('The working tree holds changes that are not committed. They are not looked at.');
  for (const line of table(
    changes.files.map((change) => [actionOf(change), change.path, change.reasons.join(' ')]),
  ))
    output.line(line);
  section(output, `${changes.routes.length} API routes depend on the old login or storage:`);
  const routes = changes.routes.map((route) => [
    route.method,
    route.path,
    `${route.file}:${route.line}`,
    route.handler,
    route.needs.join(', '),
  ]);
  for (const line of table(routes)) output.line(line);
  if (changes.open.length > 0) section(output, 'Left to you:');
  for (const { path: file, line, what } of changes.open)
    output.line(`${line === undefined ? file : `${file}:${line}`}  ${what}`);
  if (options.summary !== true && commit === undefined) {
    for (const change of changes.files) section(output, patchOf(change));
  }
  if (commit !== undefined)
    section(
      output,
      `Written on the branch ${branch ?? ''} as ${commit.slice(0, 12)}. Your working tree is as it was.`,
    );
  return exitCodes.done;
}

function section(output: CommandContext['output'], text: string): void {
  output.line();
  output.line(text);
}

const patchOf = ({ path: file, before, after }: FileChange): string =>
  createTwoFilesPatch(
    before === undefined ? '/dev/null' : `a/${file}`,
    after === undefined ? '/dev/null' : `b/${file}`,
    before ?? '',
    after ?? '',
  ).replace(/^=+\n/, '');
