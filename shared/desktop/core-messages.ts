import { z } from 'zod';
import { errorShapeSchema } from '../model/errors';
import { healthStateSchema } from '../model/health';

/** What the desktop's main process sends to the core's process. `port` comes with one message port. */
export const toCoreSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('port') }),
  z.object({ type: z.literal('stop') }),
  z.object({
    type: z.literal('secret-result'),
    id: z.number().int(),
    result: z.union([
      z.object({ value: z.union([z.string(), z.boolean()]) }),
      z.object({ error: errorShapeSchema }),
    ]),
  }),
  /** Without a path when the operator chose none. */
  z.object({ type: z.literal('folder-chosen'), id: z.number().int(), path: z.string().optional() }),
]);
export type ToCore = z.infer<typeof toCoreSchema>;

const transferAddressSchema = z.object({
  /** Name of a pipe of the operating system. */
  pipe: z.string(),
  /** To be shown with every request. */
  key: z.string(),
});
/** Where the core's process gives and takes file bytes, over HTTP. */
export type TransferAddress = z.infer<typeof transferAddressSchema>;

/** What the core's process sends to the desktop's main process. */
export const fromCoreSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready'), transfers: transferAddressSchema }),
  /** The core could not start; its process ends after this. */
  z.object({ type: z.literal('failed'), error: errorShapeSchema }),
  z.object({
    type: z.literal('secret'),
    id: z.number().int(),
    operation: z.enum(['available', 'encrypt', 'decrypt']),
    text: z.string(),
  }),
  /** The operator is to choose a folder on this machine. */
  z.object({ type: z.literal('choose-folder'), id: z.number().int() }),
  /** A notification for the operator. */
  z.object({ type: z.literal('notice'), title: z.string().max(300), text: z.string().max(2000) }),
  /** How many services are in each state; absent while nothing is watched. */
  z.object({ type: z.literal('health'), services: z.record(healthStateSchema, z.number().int()).optional() }),
]);
export type FromCore = z.infer<typeof fromCoreSchema>;
