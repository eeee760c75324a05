import { AppError, toAppError } from '#shared/model/errors';
import { type Core, createCore } from '../../../core/core';
import { withoutSettings } from '../child-env';
import type { CommandContext } from '../context';
import { type ExitCode, exitCodes } from '../exit-codes';
import { startPracticeChild } from '../practice-child';
import { type PageOptions, servePage } from '../serve-page';

export interface PracticeOptions extends PageOptions {
  /** Folder in which data stays when the environment stops. */
  keep?: string;
}

/** Starts both sides of a migration on loopback and the console on them, until it is told to stop. */
export async function practice(context: CommandContext, options: PracticeOptions): Promise<ExitCode> {
  const { output, installation, signal } = context;
  if (installation.practice === undefined) {
    throw new AppError('PRACTICE_UNAVAILABLE', 'This installation does not carry the practice environment.', {
      hint: 'It comes with a checkout of the project: run npm start there.',
    });
  }
  const environment = await startPracticeChild({
    program: installation.practice,
    keep: options.keep,
    env: context.env,
    onProgress: (message) => {
      output.progress(message);
    },
    signal,
  });
  // The operator's own settings must not reach the practice workspace: they would beat its throw-away ones.
  const env = { ...withoutSettings(context.env), ...environment.env };
  const until = AbortSignal.any([signal, environment.ended]);
  try {
    const core = await createCore({
      dataDir: context.dataDir,
      host: 'browser',
      env,
      version: installation.version,
      practice: true,
    });
    try {
      await openPracticeWorkspace(core, environment.workspace);
      await servePage({ ...context, signal: until }, core, options, async (url) => {
        const { workspace, envFile } = environment;
        await output.document({ url, workspace, envFile, env: environment.env });
        output.line(`Console: ${url}`);
        output.line(`Workspace: ${workspace}`);
        output.line(
          `The same from the command line: cutover run --workspace ${workspace} --env-file ${envFile}`,
        );
        output.line('The address works once. Press Ctrl-C to stop.');
      });
    } finally {
      await core.close();
    }
  } finally {
    await environment.stop();
  }
  if (signal.aborted) return exitCodes.done;
  throw new AppError('PRACTICE_UNAVAILABLE', 'The practice environment ended by itself.', {
    hint: 'Start it again. If it ends again, check the free space and memory of this machine.',
  });
}

/** The environment lays its workspace out itself; a bare folder is made into one. */
async function openPracticeWorkspace(core: Core, folder: string): Promise<void> {
  try {
    await core.workspaces.open(folder);
  } catch (error) {
    if (toAppError(error).code !== 'WORKSPACE_NOT_FOUND') throw error;
    await core.workspaces.create({ path: folder, name: 'Practice', practice: true });
  }
}
