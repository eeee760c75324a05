import { z } from 'zod';
import { call, secretInput } from '../rpc/define';

/** How the open workspace keeps its secrets. */
export const secretStoreSchema = z.object({
  kind: z.enum(['safeStorage', 'passphrase', 'environment']),
  state: z.enum(['open', 'locked', 'new']),
});

export const workspaceViewSchema = z.object({
  path: z.string(),
  name: z.string(),
  /** The practice environment's own, with throw-away services behind it. */
  practice: z.boolean(),
  secrets: secretStoreSchema,
});
export type WorkspaceView = z.infer<typeof workspaceViewSchema>;

export const workspacesContract = {
  /** The open workspace, or null. */
  'workspaces.current': call(z.object({}), workspaceViewSchema.nullable()),
  'workspaces.list': call(
    z.object({}),
    z.array(z.object({ path: z.string(), name: z.string(), practice: z.boolean(), open: z.boolean() })),
  ),
  'workspaces.open': call(z.object({ path: z.string().min(1) }), workspaceViewSchema),
  'workspaces.create': call(
    z.object({ path: z.string().min(1).optional(), name: z.string().min(1).max(80) }),
    workspaceViewSchema,
  ),
  /** Opens the passphrase vault, or makes it when the store is new. */
  'workspaces.unlock': call(z.object({ passphrase: secretInput() }), workspaceViewSchema),
};
