import { isCancelled } from '#shared/model/errors';
import { z } from 'zod';
import type { ProjectLimits } from '../../ports/database';
import type { Settings } from '../../ports/settings';
import { callPlatform, projectRef } from './platform-client';

const poolersSchema = z.array(
  z.object({ database_type: z.string(), default_pool_size: z.number().nullish() }),
);
const diskSchema = z.object({ metrics: z.object({ fs_avail_bytes: z.number() }) });

/**
 * What the management API tells of a project's room, as far as there is an access token for it and it answers: the run does not depend on it.
 * Throws only when it is cancelled.
 */
export async function readProjectLimits(settings: Settings, signal: AbortSignal): Promise<ProjectLimits> {
  if (settings.get('SUPABASE_ACCESS_TOKEN') === undefined || settings.get('SUPABASE_URL') === undefined)
    return {};
  const ref = projectRef(settings);
  if (ref === undefined) return {};
  const ask = async <T>(schema: z.ZodType<T>, path: string): Promise<T | undefined> => {
    try {
      return schema.safeParse(await callPlatform(settings, `/projects/${ref}${path}`, signal)).data;
    } catch (error) {
      if (isCancelled(error)) throw error;
      return undefined;
    }
  };
  const [poolers, disk] = await Promise.all([
    ask(poolersSchema, '/config/database/pooler'),
    ask(diskSchema, '/config/disk/util'),
  ]);
  const poolSize = poolers?.find(({ database_type: type }) => type === 'PRIMARY')?.default_pool_size;
  return {
    ...(typeof poolSize === 'number' ? { poolSize } : {}),
    ...(disk === undefined ? {} : { freeDiskBytes: disk.metrics.fs_avail_bytes }),
  };
}
