import type { ActivityArea } from '#shared/model/activity';
import type { CommandContext } from '../context';
import { type ExitCode, exitCodes } from '../exit-codes';
import { type SessionOptions, withSession } from '../session';
import { table } from '../text';

export interface ActivityOptions {
  area?: ActivityArea;
  search?: string;
  limit?: number;
}

/** Lists what was done in the workspace, the newest first. */
export function activity(
  context: CommandContext,
  options: SessionOptions & ActivityOptions,
): Promise<ExitCode> {
  const { output, signal } = context;
  return withSession(context, options, { secrets: 'none' }, async ({ handlers }) => {
    const { entries } = await handlers['activity.list'](
      {
        limit: options.limit ?? 50,
        ...(options.area === undefined ? {} : { areas: [options.area] }),
        ...(options.search === undefined ? {} : { text: options.search }),
      },
      { signal },
    );
    await output.document(entries);
    if (entries.length === 0) output.line('Nothing has been done in this workspace yet.');
    else {
      const rows = entries.map((entry) => [
        entry.at.slice(0, 19).replace('T', ' '),
        entry.by,
        entry.action,
        entry.target,
        entry.outcome,
      ]);
      for (const line of table([['at (UTC)', 'by', 'action', 'target', 'outcome'], ...rows]))
        output.line(line);
    }
    return exitCodes.done;
  });
}
