import { z } from 'zod';
import { databaseChoicesSchema } from '../model/database-choices';
import { call } from '../rpc/define';

export const schemaEntrySchema = z.object({
  /** `TRIGGER public.orders audit`; unique in a schema. */
  id: z.string(),
  /** pg_dump's word for the kind. */
  type: z.string(),
  /** With its schema, where it has one. */
  name: z.string(),
  /** The statements as they are run, or as the source has them where they are not. */
  sql: z.string(),
  decision: z.enum(['applied', 'left-out']),
  /** Why it, or a part of it, is left out. */
  reasons: z.array(z.string()),
  /** The operator left it out by itself. */
  chosen: z.boolean(),
  /** It may be left out by itself. */
  optional: z.boolean(),
});
/** An entry of the source's schema with what is done with it. */
export type SchemaEntryView = z.infer<typeof schemaEntrySchema>;

export const decidedSchemaSchema = z.object({
  choices: databaseChoicesSchema,
  entries: z.array(schemaEntrySchema),
  /** What read the schema, and why, where it was not the built-in pg_dump. */
  readBy: z.string().optional(),
});
/** The source's schema, entry by entry, as these choices have it applied. */
export type DecidedSchema = z.infer<typeof decidedSchemaSchema>;

export const schemaEntriesContract = {
  /** Reads both sides and writes nothing. `choices`: to be tried in place of the kept ones. */
  'migration.schema': call(z.object({ choices: databaseChoicesSchema.optional() }), decidedSchemaSchema),
};
