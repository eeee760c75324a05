import { z } from 'zod';
import { errorCodeSchema, type ErrorShape } from './errors';
import type { RunView } from './run';

const failedObjectSchema = z.object({
  /** On the source. */
  bucket: z.string(),
  key: z.string(),
  code: errorCodeSchema,
});
/** An object that a run could not copy. Resuming the run takes it again. */
export type FailedObject = z.infer<typeof failedObjectSchema>;

const lineSchema = z.tuple([z.string(), z.string(), errorCodeSchema]);

/** The objects as details of an error, one line each; {@link failedObjectsOf} reads them back. */
export function listedDetails(failed: readonly FailedObject[]): Record<string, string> {
  const details: Record<string, string> = { failed: String(failed.length) };
  for (const [index, { bucket, key, code }] of failed.entries()) {
    details[`object ${index + 1}`] = JSON.stringify([bucket, key, code]);
  }
  return details;
}

/** The objects that a run could not copy and has not copied since, in the order of its units. */
export function failedObjectsOf(view: RunView): FailedObject[] {
  const units = view.steps.filter(({ lane }) => lane === 'objects').flatMap((step) => step.units);
  return units.flatMap(({ state, error }) =>
    state === 'failed' && error !== undefined ? listed(error) : [],
  );
}

function listed({ code, details = {} }: ErrorShape): FailedObject[] {
  const lines = Object.entries(details)
    .filter(([name]) => /^object \d+$/.test(name))
    .flatMap(([, text]) => {
      const line = lineSchema.safeParse(parseJson(text));
      return line.success ? [{ bucket: line.data[0], key: line.data[1], code: line.data[2] }] : [];
    });
  if (lines.length > 0) return lines;
  const single = failedObjectSchema.safeParse({ ...details, code });
  return single.success ? [single.data] : [];
}

function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
}
