import type { AffectedRoute, OpenPoint } from '#shared/model/application';

/** One file that becomes another. `after` is undefined where it goes, `before` where it is new. */
export interface FileChange {
  path: string;
  before: string | undefined;
  after: string | undefined;
  reasons: string[];
}

/** Everything that becomes of an application's repository. */
export interface ApplicationChanges {
  files: FileChange[];
  routes: AffectedRoute[];
  open: OpenPoint[];
}

/** Files by their path in the repository, with `/`. */
export type FileTree = ReadonlyMap<string, string>;

/** Whether the change adds, removes or changes. */
export function actionOf({ before, after }: FileChange): 'add' | 'remove' | 'change' {
  if (before === undefined) return 'add';
  return after === undefined ? 'remove' : 'change';
}

/** The change to a file as a template has it; nothing where the file is the same already. */
export function takeOver(tree: FileTree, path: string, after: string, reason: string): FileChange[] {
  const before = tree.get(path);
  return before === after ? [] : [{ path, before, after, reasons: [reason] }];
}

/** A path below a folder; the folder `''` is the repository's root. */
export const below = (folder: string, name: string): string => (folder === '' ? name : `${folder}/${name}`);
