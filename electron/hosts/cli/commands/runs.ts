import type { CommandContext } from '../context';
import { type ExitCode, exitCodes } from '../exit-codes';
import { type SessionOptions, withSession } from '../session';
import { table } from '../text';

/** Lists the runs of the workspace, the newest first. */
export function runs(context: CommandContext, options: SessionOptions): Promise<ExitCode> {
  const { output, signal } = context;
  return withSession(context, options, { secrets: 'none' }, async ({ core, handlers }) => {
    const list = await handlers['runs.list']({}, { signal });
    await output.document(list);
    if (list.length === 0) output.line(`There are no runs in ${core.workspaces.opened().folder} yet.`);
    else {
      const rows = list.map((run) => [
        run.id,
        run.state,
        run.only.join(','),
        run.warnings === 0 ? '' : `${run.warnings} warning${run.warnings === 1 ? '' : 's'}`,
        run.error?.code ?? '',
      ]);
      for (const line of table([['run', 'state', 'what', '', ''], ...rows])) output.line(line);
    }
    return exitCodes.done;
  });
}
