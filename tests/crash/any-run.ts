import fc from 'fast-check';
import type { NewJournalEvent } from '#core/engine/journal-writer';
import { errorCodes } from '#shared/model/errors';
import { journalEventSchema, lanes, runStateSchema, type JournalEvent } from '#shared/model/run';

const step = fc.constantFrom('schema', 'data', 'objects');
const unit = fc.constantFrom('a', 'b', 'c/d é', '');
const text = fc.string({ unit: 'grapheme', maxLength: 12 });
const count = fc.nat(1000);
const progress = fc.record({ done: count, total: count, unit: fc.constant('rows') });
const error = fc.record({ code: fc.constantFrom(...errorCodes), message: text, retryable: fc.boolean() });
const output = fc.oneof(fc.constant(null), count, text, fc.record({ rows: count, names: fc.array(text) }));
const nothing = fc.constant({});
const kind = <T extends string>(type: T) => fc.constant(type);

const stepPlan = fc.record({
  id: step,
  title: text,
  lane: fc.constantFrom(...lanes),
  effect: fc.constantFrom('read', 'create'),
  needs: fc.array(step),
  summary: text,
  details: fc.array(text, { maxLength: 2 }),
  warnings: fc.array(fc.record({ code: text, message: text }), { maxLength: 2 }),
  units: fc.uniqueArray(fc.record({ id: unit, label: text }), { maxLength: 3, selector: ({ id }) => id }),
});

const evidence = fc.record({ subject: text, method: text, source: text, target: text, equal: fc.boolean() });

const happening: fc.Arbitrary<NewJournalEvent> = fc.oneof(
  fc.record({
    type: kind('run.state'),
    data: fc.oneof(
      fc.record({ state: fc.constantFrom(...runStateSchema.options) }),
      fc.record({ state: fc.constant('failed' as const), error }),
    ),
  }),
  fc.record({ type: kind('run.resumed'), data: fc.record({ by: text }) }),
  fc.record({ type: kind('step.started'), step, data: nothing }),
  fc.record({ type: kind('step.satisfied'), step, data: fc.oneof(nothing, fc.record({ output })) }),
  fc.record({ type: kind('step.done'), step, data: fc.record({ output }) }),
  fc.record({ type: kind('step.failed'), step, data: fc.record({ error }) }),
  fc.record({ type: kind('step.verifying'), step, data: nothing }),
  fc.record({
    type: kind('step.verified'),
    step,
    data: fc.record({ evidence: fc.array(evidence, { maxLength: 3 }) }),
  }),
  fc.record({ type: kind('unit.begun'), step, unit, data: nothing }),
  fc.record({ type: kind('unit.done'), step, unit, data: fc.record({ output }) }),
  fc.record({ type: kind('unit.failed'), step, unit, data: fc.record({ error }) }),
  fc.record({ type: kind('unit.reset'), step, unit, data: fc.record({ reason: text }) }),
  fc.record({ type: kind('warning'), step, data: fc.record({ code: text, message: text }) }),
  fc.record({
    type: kind('log'),
    data: fc.record({ level: fc.constantFrom('info', 'warn', 'error'), message: text }),
  }),
  fc.record({
    type: kind('progress'),
    data: fc.record({
      items: fc.array(fc.oneof(fc.record({ step, progress }), fc.record({ step, unit, progress })), {
        maxLength: 3,
      }),
    }),
  }),
);

const header = fc.record({
  type: kind('run.header'),
  data: fc.record({
    runId: fc.constant('20260101T000000Z-abcdef'),
    engine: fc.constant(1),
    steps: fc.constant({ schema: 1, data: 1, objects: 1 }),
    only: fc.constant([...lanes]),
    planHash: text,
    fingerprints: fc.constant({}),
  }),
});

const planned = fc
  .uniqueArray(stepPlan, { maxLength: 3, selector: ({ id }) => id })
  .map((plans) => plans.map((data): NewJournalEvent => ({ type: 'step.planned', step: data.id, data })));

/** A journal with events of every kind: numbered without a gap and of the declared shape, in an order no run may ever have. */
export const anyRun: fc.Arbitrary<JournalEvent[]> = fc
  .tuple(header, planned, fc.array(happening, { maxLength: 40 }))
  .map(([first, plans, others]) =>
    [first, ...plans, ...others].map((event, seq) =>
      journalEventSchema.parse({
        ...event,
        seq,
        at: new Date(Date.UTC(2026, 0, 1) + seq * 1000).toISOString(),
      }),
    ),
  );
