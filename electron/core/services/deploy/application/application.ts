import path from 'node:path';
import { createTwoFilesPatch } from 'diff';
import type { ApplicationView } from '#shared/model/application';
import { AppError } from '#shared/model/errors';
import { actionOf, type FileChange } from './changes';
import { planChanges, readApplicationTemplates } from './plan-changes';
import { templatesRoot } from '../templates-root';
import { readRepository, writeBranch } from './repository';

/** What becomes of the application in this checkout. Reads its last commit and changes nothing. Throws `INVALID_INPUT`. */
export async function viewApplication(folder: string, signal: AbortSignal): Promise<ApplicationView> {
  const { view } = await look(folder, signal);
  return view;
}

/**
 * Writes the changes as one commit on a new branch; the checkout stays as it is. With `head`, the commit that the operator looked at, throws
 * `PLAN_CHANGED` when another one is the last by now. Otherwise throws `INVALID_INPUT`.
 */
export async function writeApplicationBranch(
  { repo, head, branch }: { repo: string; head?: string | undefined; branch: string },
  signal: AbortSignal,
): Promise<{ view: ApplicationView; commit: string }> {
  const { view, repository, changes } = await look(repo, signal);
  if (head !== undefined && head !== repository.head) {
    throw new AppError(
      'PLAN_CHANGED',
      'The repository has another last commit than the one that was compared.',
      {
        hint: 'Compare again, read what is different, then write the branch.',
      },
    );
  }
  return { view, commit: await writeBranch(repository, branch, changes.files, signal) };
}

async function look(folder: string, signal: AbortSignal) {
  const repository = await readRepository(path.resolve(folder), signal);
  const changes = planChanges(repository.files, await readApplicationTemplates(templatesRoot()));
  const view: ApplicationView = {
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
  };
  return { repository, changes, view };
}

const patchOf = ({ path: file, before, after }: FileChange): string =>
  createTwoFilesPatch(
    before === undefined ? '/dev/null' : `a/${file}`,
    after === undefined ? '/dev/null' : `b/${file}`,
    before ?? '',
    after ?? '',
  ).replace(/^=+\n/, '');
