import { z } from 'zod';
import { errorShapeSchema } from '../model/errors';
import { endSchema, settingNameSchema } from '../model/settings';
import { call, secretInput } from '../rpc/define';

export const connectionTestSchema = z.object({
  end: endSchema,
  ok: z.boolean(),
  at: z.string(),
  latencyMs: z.number(),
  /** Facts learnt: server version, role, bucket names. Shown as a list. */
  facts: z.array(z.object({ label: z.string(), value: z.string() })),
  warnings: z.array(z.object({ code: z.string(), message: z.string(), hint: z.string().optional() })),
  error: errorShapeSchema.optional(),
  /** The field at which the error stands, if one. */
  setting: settingNameSchema.optional(),
});
export type ConnectionTest = z.infer<typeof connectionTestSchema>;

export const settingViewSchema = z.object({
  name: settingNameSchema,
  set: z.boolean(),
  /** Where it comes from; environment beats workspace. */
  origin: z.enum(['environment', 'workspace']).optional(),
  /** Absent for secrets. */
  value: z.string().optional(),
});
export type SettingView = z.infer<typeof settingViewSchema>;

export const connectionViewSchema = z.object({
  end: endSchema,
  /** `configured` when every required setting is there. */
  state: z.enum(['empty', 'incomplete', 'configured']),
  missing: z.array(settingNameSchema),
  /** Where it points, without secrets: `db.internal:5432/shop`. */
  summary: z.string(),
  settings: z.array(settingViewSchema),
  lastTest: connectionTestSchema.optional(),
});
export type ConnectionView = z.infer<typeof connectionViewSchema>;

export const importResultSchema = z.object({
  filled: z.array(z.object({ setting: settingNameSchema, from: z.string() })),
  notFilled: z.array(z.object({ setting: settingNameSchema, reason: z.string() })),
  /** Lines or variables that could not be used, with the reason. */
  ignored: z.array(z.object({ name: z.string(), reason: z.string() })),
});
export type ImportResult = z.infer<typeof importResultSchema>;

export const connectionsContract = {
  'connections.list': call(z.object({}), z.array(connectionViewSchema)),
  /** Values by setting; null removes one. Every value is treated as a secret on the way in. */
  'connections.update': call(
    z.object({ values: z.partialRecord(settingNameSchema, secretInput().nullable()) }),
    z.array(connectionViewSchema),
  ),
  'connections.test': call(z.object({ end: endSchema }), connectionTestSchema),
  /** Reads an `.env` file or a Compose file; `apply: false` only tells what it would fill. */
  'connections.import': call(
    z.object({ format: z.enum(['env', 'compose']), text: secretInput(), apply: z.boolean() }),
    importResultSchema,
  ),
};
