import path from 'node:path';
import { z } from 'zod';
import { defaultHealthConfig, type HealthConfig, healthConfigSchema } from '#shared/model/health';
import { jsonFile } from '../workspaces/json-file';

const fileSchema = z.object({ version: z.literal(1), config: healthConfigSchema.partial() });

/** The health settings of a workspace that are no secret: `health.json`. */
export function healthConfigFile(workspaceDir: string): {
  read(): Promise<HealthConfig>;
  write(config: HealthConfig): Promise<void>;
} {
  const file = jsonFile(path.join(workspaceDir, 'health.json'), fileSchema);
  return {
    read: async () => healthConfigSchema.parse({ ...defaultHealthConfig, ...(await file.read())?.config }),
    write: async (config) => {
      await file.update(() => ({ version: 1, config }));
    },
  };
}
