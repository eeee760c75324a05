import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { contract } from '#shared/contract/contract';
import { call, holdsSecret, secretInput, stream } from '#shared/rpc/define';

/** Every way in which a schema can hold another. */
const wrappers: ((inner: z.ZodType) => z.ZodType)[] = [
  (inner) => z.object({ a: z.string(), b: inner }),
  (inner) => z.object({ a: inner.optional() }),
  (inner) => z.object({}).catchall(inner),
  (inner) => z.array(inner),
  (inner) => z.tuple([z.number(), inner]),
  (inner) => z.tuple([z.number()], inner),
  (inner) => z.record(z.string(), inner),
  (inner) => z.map(z.string(), inner),
  (inner) => z.set(inner),
  (inner) => z.union([z.number(), inner]),
  (inner) =>
    z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('a') }),
      z.object({ kind: z.literal('b'), inner }),
    ]),
  (inner) => z.intersection(z.object({ a: inner }), z.object({ b: z.string() })),
  (inner) => inner.nullable(),
  (inner) => inner.optional(),
  (inner) => inner.readonly(),
  (inner) => inner.refine(() => true),
  (inner) => inner.transform((value) => value),
  (inner) => inner.pipe(z.unknown()),
  (inner) => z.unknown().pipe(inner),
  (inner) => z.preprocess((value) => value, inner),
  (inner) => z.lazy(() => inner),
  (inner) => inner.describe('described'),
  (inner) => inner.meta({ title: 'titled' }),
];
const wrapped = (inner: () => z.ZodType) =>
  fc
    .array(fc.constantFrom(...wrappers), { maxLength: 8 })
    .map((layers) => layers.reduce((schema, wrap) => wrap(schema), inner()));

describe('a secret in an answer', () => {
  test('is refused by call and stream at any depth', () => {
    fc.assert(
      fc.property(wrapped(secretInput), (schema) => {
        expect(holdsSecret(schema)).toBe(true);
        expect(() => call(z.object({}), schema)).toThrow(TypeError);
        expect(() => stream(z.object({}), schema)).toThrow(TypeError);
      }),
    );
  });

  test('is not seen where there is none', () => {
    fc.assert(
      fc.property(
        wrapped(() => z.string()),
        (schema) => {
          expect(holdsSecret(schema)).toBe(false);
          expect(call(secretInput(), schema).output).toBe(schema);
        },
      ),
    );
  });

  test('is found in a schema that holds itself', () => {
    const node = z.object({
      get child() {
        return node.optional();
      },
      key: secretInput(),
    });
    expect(holdsSecret(z.array(node))).toBe(true);
  });
});

test('the contract takes secrets and answers with none', () => {
  const taking = Object.entries(contract).filter(([, operation]) => holdsSecret(operation.input));
  expect(taking.map(([name]) => name).sort()).toEqual([
    'connections.import',
    'connections.update',
    'deploy.previewFiles',
    'deploy.writeFiles',
    'migration.trySignIn',
    'users.act',
    'users.create',
    'users.import',
    'workspaces.unlock',
  ]);
  for (const operation of Object.values(contract)) {
    expect(holdsSecret(operation.kind === 'call' ? operation.output : operation.event)).toBe(false);
  }
});
