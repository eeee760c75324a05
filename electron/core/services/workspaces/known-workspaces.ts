import path from 'node:path';
import { z } from 'zod';
import { jsonFile } from './json-file';

const knownSchema = z.object({
  version: z.literal(1),
  /** The last opened first. */
  workspaces: z.array(z.object({ path: z.string(), name: z.string() })),
});
export type KnownWorkspace = z.infer<typeof knownSchema>['workspaces'][number];

const limit = 50;

/** The workspaces that were opened on this machine by this user: `workspaces.json` in the data folder. */
export interface KnownWorkspaces {
  /** The last opened first. */
  list(): Promise<KnownWorkspace[]>;
  /** Puts a workspace first. */
  remember(workspace: KnownWorkspace): Promise<void>;
}

/** Opens the list; an absent file is an empty list. */
export function knownWorkspaces(dataDir: string): KnownWorkspaces {
  const file = jsonFile(path.join(dataDir, 'workspaces.json'), knownSchema);
  return {
    list: async () => (await file.read())?.workspaces ?? [],
    remember: async (workspace) => {
      const [first] = (await file.read())?.workspaces ?? [];
      if (first?.path === workspace.path && first.name === workspace.name) return;
      await file.update((current) => ({
        version: 1,
        workspaces: [
          workspace,
          ...(current?.workspaces ?? []).filter((known) => known.path !== workspace.path),
        ].slice(0, limit),
      }));
    },
  };
}
