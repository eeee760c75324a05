import { z } from 'zod';
import { rewriteArray, rewriteRecord } from './literals';
import { rewriteJson } from './rewrite-json';

/** How a column's text form holds texts. */
export type Shape =
  | { kind: 'text' }
  | { kind: 'json' }
  | { kind: 'array'; element: Shape }
  /** Fields without a text are null. */
  | { kind: 'record'; fields: (Shape | null)[] };

export const shapeSchema: z.ZodType<Shape, Shape> = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('text') }),
  z.object({ kind: z.literal('json') }),
  z.object({
    kind: z.literal('array'),
    get element() {
      return shapeSchema;
    },
  }),
  z.object({
    kind: z.literal('record'),
    get fields() {
      return z.array(shapeSchema.nullable());
    },
  }),
]);

/** A value in its text form with every text in it put through `change`. */
export function rewriteValue(shape: Shape, value: string, change: (text: string) => string): string {
  switch (shape.kind) {
    case 'text':
      return change(value);
    case 'json':
      return rewriteJson(value, change);
    case 'array':
      return rewriteArray(value, (element) => rewriteValue(shape.element, element, change));
    case 'record':
      return rewriteRecord(value, (field, index) => {
        const inner = shape.fields[index];
        return inner === undefined || inner === null ? field : rewriteValue(inner, field, change);
      });
  }
}
