import {
  viewApplication,
  writeApplicationBranch,
} from '../../../core/services/deploy/application/application';
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
  const { output, signal } = context;
  const { repo, branch } = options;
  const written = branch === undefined ? undefined : await writeApplicationBranch({ repo, branch }, signal);
  const view = written?.view ?? (await viewApplication(repo, signal));
  const commit = written?.commit;
  await output.document({
    ...view,
    ...(commit === undefined ? {} : { branch: { name: branch, commit } }),
  });
  if (view.dirty)
    output.note('The working tree holds changes that are not committed. They are not looked at.');
  for (const line of table(view.files.map(({ action, path, reasons }) => [action, path, reasons.join(' ')])))
    output.line(line);
  section(output, `${view.routes.length} API routes depend on the old login or storage:`);
  const routes = view.routes.map((route) => [
    route.method,
    route.path,
    `${route.file}:${route.line}`,
    route.handler,
    route.needs.join(', '),
  ]);
  for (const line of table(routes)) output.line(line);
  if (view.open.length > 0) section(output, 'Left to you:');
  for (const { path, line, what } of view.open)
    output.line(`${line === undefined ? path : `${path}:${line}`}  ${what}`);
  if (options.summary !== true && commit === undefined) {
    for (const { patch } of view.files) section(output, patch);
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
