import { parseArgs } from 'node:util';
import { type Core, createCore, type CoreOptions } from '../../core/core';
import { withoutSettings } from '../cli/child-env';
import { dataFolder, findInstallation } from '../cli/installation';
import { startPracticeChild } from '../cli/practice-child';

export interface DesktopCore {
  core: Core;
  /** Stops runs so that they can be resumed, and the practice environment when one was started. */
  close(): Promise<void>;
}

/**
 * Opens the core for the desktop: on the workspace that `--workspace` names, else on the last one. With neither, an
 * installation that carries the practice environment starts it. Throws what {@link createCore} does.
 */
export async function openDesktopCore(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  main: Required<Pick<CoreOptions, 'secretsBroker' | 'chooseFolder' | 'desk'>>,
): Promise<DesktopCore> {
  const { values } = parseArgs({
    args: [...args],
    // Chromium's own switches are among the arguments.
    strict: false,
    options: { workspace: { type: 'string' }, 'env-file': { type: 'string' } },
  });
  const named = typeof values.workspace === 'string' ? values.workspace : env.CUTOVER_WORKSPACE || undefined;
  const envFile = typeof values['env-file'] === 'string' ? values['env-file'] : undefined;
  const { version, practice } = findInstallation();
  const base: CoreOptions = {
    dataDir: dataFolder(env),
    host: 'desktop',
    env,
    version,
    practice: practice !== undefined,
    ...main,
  };

  const core = await createCore({
    ...base,
    ...(named === undefined ? {} : { workspace: named }),
    ...(envFile === undefined ? {} : { envFile }),
  });
  if (named !== undefined) return { core, close: () => core.close() };
  const [last] = await core.workspaces.list();
  if (last !== undefined || practice === undefined) {
    // The page can open or make another one, so an unreadable workspace is no reason not to start.
    if (last !== undefined) await core.workspaces.open(last.path).catch(() => undefined);
    return { core, close: () => core.close() };
  }
  await core.close();
  return openPractice(base, practice);
}

async function openPractice(base: CoreOptions, program: string): Promise<DesktopCore> {
  const environment = await startPracticeChild({
    program,
    env: base.env,
    onProgress: (message) => process.stderr.write(`${message}\n`),
    signal: new AbortController().signal,
  });
  const core = await createCore({
    ...base,
    // The operator's own settings would beat the throw-away ones.
    env: { ...withoutSettings(base.env), ...environment.env },
    workspace: environment.workspace,
  });
  return {
    core,
    close: async () => {
      await core.close();
      await environment.stop();
    },
  };
}
