import { z } from 'zod';

const patterns = z.array(z.string().trim().min(3).max(500)).max(200);

export const databaseChoicesSchema = z.object({
  /** Tables and views that are not made on the target. */
  leaveOut: patterns,
  /** Tables that are made and stay empty. */
  withoutRows: patterns,
  /** Ids of single entries of the schema that are not applied: `TRIGGER public.orders audit`. */
  withoutEntries: z.array(z.string().min(3).max(2_000)).max(2_000).default([]),
});
/**
 * What an operator leaves out of a database. A pattern is a name with its schema, in which `*` stands for anything (`public.audit_*`, `crm.*`),
 * or a regular expression between slashes, which is looked for in `schema.name`.
 */
export type DatabaseChoices = z.infer<typeof databaseChoicesSchema>;

export const noDatabaseChoices: DatabaseChoices = { leaveOut: [], withoutRows: [], withoutEntries: [] };
