import path from 'node:path';
import { z } from 'zod';
import { settingDefinitions, settingNames, settingNameSchema } from '#shared/model/settings';
import { jsonFile, type JsonFile } from './json-file';

const secretNames = new Set<string>(settingNames.filter((name) => settingDefinitions[name].secret));

const workspaceFileSchema = z.object({
  version: z.literal(1),
  name: z.string().min(1).max(80),
  /** Set for the practice environment's own workspace. */
  practice: z.boolean().optional(),
  /** Settings that are no secret. */
  values: z
    .partialRecord(settingNameSchema, z.string())
    .refine((values) => Object.keys(values).every((name) => !secretNames.has(name)), 'holds a secret'),
});
export type WorkspaceFile = z.infer<typeof workspaceFileSchema>;

/** The `workspace.json` of a folder: it makes the folder a workspace and holds no secret. */
export function workspaceFile(folder: string): JsonFile<WorkspaceFile> {
  return jsonFile<WorkspaceFile>(path.join(folder, 'workspace.json'), workspaceFileSchema);
}
