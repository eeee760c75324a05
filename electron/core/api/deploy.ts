import type { deployContract } from '#shared/contract/deploy';
import type { Handlers } from '#shared/rpc/define';
import type { Core } from '../core';
import { viewApplication, writeApplicationBranch } from '../services/deploy/application/application';
import { bundleSource } from '../services/deploy/deploy-operations';
import { previewReleaseFiles, writeReleaseFiles } from '../services/deploy/release-files';

/** Releases on the workspace's host. */
export function deployHandlers(core: Core): Handlers<typeof deployContract> {
  return {
    'deploy.status': (_input, { signal }) => core.deploy().service.status(signal),
    'deploy.use': async function* (_input, { after, signal }) {
      let seq = after + 1;
      for await (const event of core.deploy().service.use(signal)) yield { seq: seq++, event };
    },
    'deploy.previewFiles': async (input) =>
      previewReleaseFiles(input, core.deploy().folder, await core.workspaces.opened().settings()),
    'deploy.writeFiles': async (input) => {
      const { folder } = core.deploy();
      const written = await writeReleaseFiles(input, folder, await core.workspaces.opened().settings());
      await core.activity().record({
        area: 'deploy',
        action: 'deploy.write-files',
        target: folder,
        outcome: 'done',
      });
      return written;
    },
    'deploy.preflight': (source, { signal }) => {
      const { service, folder } = core.deploy();
      return service.preflight(bundleSource(source, folder), signal);
    },
    'deploy.plan': (source, { signal }) => {
      const { service, folder } = core.deploy();
      return service.plan(bundleSource(source, folder), signal);
    },
    'deploy.start': async (action) => Promise.resolve(core.deploy().operations.start(action)),
    'deploy.operation': async () => Promise.resolve(core.deploy().operations.last()),
    'deploy.watch': async function* ({ id }, { after, signal }) {
      yield* core.deploy().operations.watch(id, after, signal);
    },
    'deploy.cancel': async ({ id }) => {
      core.deploy().operations.cancel(id);
      return Promise.resolve({});
    },
    'deploy.logs': async function* (filter, { after, signal }) {
      let seq = after + 1;
      // Asked again after a break, the past was told already.
      const tail = after < 0 ? filter.tail : 0;
      for await (const event of core.deploy().service.logs({ ...filter, tail }, signal))
        yield { seq: seq++, event };
    },
    'deploy.application': ({ repo }, { signal }) => viewApplication(repo, signal),
    'deploy.writeBranch': async ({ repo, head, branch }, { signal }) => {
      const { commit } = await writeApplicationBranch({ repo, head, branch }, signal);
      await core.activity().record({
        area: 'deploy',
        action: 'deploy.write-branch',
        target: branch,
        outcome: 'done',
        detail: `${commit.slice(0, 12)} in ${repo}`,
      });
      return { commit };
    },
    'deploy.initialiseSwarm': async (_input, { signal }) => {
      await core.deploy().service.initialiseSwarm(signal);
      await core.activity().record({
        area: 'deploy',
        action: 'deploy.initialise-swarm',
        target: 'host',
        outcome: 'done',
      });
      return {};
    },
  };
}
