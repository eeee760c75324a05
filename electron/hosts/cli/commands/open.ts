import { toAppError } from '#shared/model/errors';
import type { CommandContext } from '../context';
import { type ExitCode, exitCodes } from '../exit-codes';
import { type PageOptions, servePage } from '../serve-page';
import { type SessionOptions, withSession } from '../session';
import { practice } from './practice';

export interface OpenOptions extends SessionOptions, PageOptions {
  /** Starts the practice environment when there is no workspace to open. */
  orPractice?: boolean;
}

/** Serves the console in the browser until it is told to stop. */
export async function open(context: CommandContext, options: OpenOptions): Promise<ExitCode> {
  const started = await withSession(
    context,
    options,
    { secrets: 'unlock', forPage: true },
    async ({ core }) => {
      const workspace = await core.workspaces.current().catch((error: unknown) => {
        context.output.note(toAppError(error).message);
        return null;
      });
      const practiceInstead =
        workspace === null && options.orPractice === true && context.installation.practice !== undefined;
      if (practiceInstead) return false;
      await servePage(context, core, options, async (url) => {
        await context.output.document({ url, workspace: workspace?.path ?? null });
        context.output.line(`Console: ${url}`);
        if (workspace !== null) context.output.line(`Workspace: ${workspace.name} (${workspace.path})`);
        context.output.line('The address works once. Press Ctrl-C to stop.');
      });
      return true;
    },
  );
  return started ? exitCodes.done : practice(context, options);
}
