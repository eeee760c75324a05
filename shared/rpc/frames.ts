import { z } from 'zod';
import { errorShapeSchema } from '../model/errors';

const idSchema = z.number().int().nonnegative();
const creditSchema = z.number().int().min(0).max(10_000);

/** What a client sends. `after` and `credit` are those of {@link StreamContext} and of the back-pressure. */
export const requestFrameSchema = z.discriminatedUnion('t', [
  z.object({ t: z.literal('call'), id: idSchema, op: z.string(), input: z.unknown() }),
  z.object({
    t: z.literal('stream'),
    id: idSchema,
    op: z.string(),
    input: z.unknown(),
    after: z.number().int().min(-1),
    credit: creditSchema,
  }),
  z.object({ t: z.literal('credit'), id: idSchema, credit: creditSchema }),
  z.object({ t: z.literal('cancel'), id: idSchema }),
]);
export type RequestFrame = z.infer<typeof requestFrameSchema>;

/** What a server sends. */
export const responseFrameSchema = z.discriminatedUnion('t', [
  z.object({ t: z.literal('value'), id: idSchema, value: z.unknown() }),
  z.object({ t: z.literal('event'), id: idSchema, seq: z.number().int(), event: z.unknown() }),
  z.object({ t: z.literal('end'), id: idSchema }),
  z.object({ t: z.literal('error'), id: idSchema, error: errorShapeSchema }),
]);
export type ResponseFrame = z.infer<typeof responseFrameSchema>;

/** A damaged request that still says which operation it meant, so that its caller gets an answer. */
export const identifiedFrameSchema = z.object({ t: z.enum(['call', 'stream']), id: idSchema });
