import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { makePrivateDir, removeFile, runPaths, systemCode, toWriteError, writeDurably } from './run-files';

/** What any process may ask of a run, as files in its folder. `pause` lasts for as long as its file is there. */
export type RunRequest = 'cancel' | 'pause';

/** Leaves a request for whoever executes the run; it is seen within 200 ms. */
export async function requestOfRun(runsDir: string, runId: string, request: RunRequest): Promise<void> {
  const { requests } = runPaths(runsDir, runId);
  try {
    await makePrivateDir(requests);
    await writeDurably(join(requests, request), '');
  } catch (error) {
    throw toWriteError(error, 'The request to the run');
  }
}

/** Takes a request back. */
export async function withdrawRequest(runsDir: string, runId: string, request: RunRequest): Promise<void> {
  await removeFile(join(runPaths(runsDir, runId).requests, request));
}

/** The requests that stand. */
export async function standingRequests(runsDir: string, runId: string): Promise<ReadonlySet<string>> {
  try {
    return new Set(await readdir(runPaths(runsDir, runId).requests));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return new Set();
    throw error;
  }
}
