import { z } from 'zod';

/** An API route that depends on the old login or the old storage. */
export const affectedRouteSchema = z.object({
  method: z.string(),
  path: z.string(),
  handler: z.string(),
  file: z.string(),
  line: z.number(),
  needs: z.array(z.enum(['login', 'storage'])),
});
export type AffectedRoute = z.infer<typeof affectedRouteSchema>;

/** Something that only a person can decide. */
export const openPointSchema = z.object({
  path: z.string(),
  line: z.number().optional(),
  what: z.string(),
});
export type OpenPoint = z.infer<typeof openPointSchema>;

export const changedFileSchema = z.object({
  path: z.string(),
  action: z.enum(['add', 'remove', 'change']),
  reasons: z.array(z.string()),
  /** The difference as `git diff` writes it. */
  patch: z.string(),
});
export type ChangedFile = z.infer<typeof changedFileSchema>;

/** What becomes of an application's repository. */
export const applicationViewSchema = z.object({
  root: z.string(),
  /** The commit that was read. */
  head: z.string(),
  /** Whether the checkout holds changes that are not committed, which are not looked at. */
  dirty: z.boolean(),
  files: z.array(changedFileSchema),
  routes: z.array(affectedRouteSchema),
  open: z.array(openPointSchema),
});
export type ApplicationView = z.infer<typeof applicationViewSchema>;
