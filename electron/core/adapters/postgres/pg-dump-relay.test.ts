import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OutgoingFrames } from './pg-dump-relay';

const typed = (type: string, body: Uint8Array): Buffer => {
  const head = Buffer.alloc(5);
  head.write(type, 0, 'latin1');
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
};
const startup = (body: Uint8Array): Buffer => {
  const head = Buffer.alloc(4);
  head.writeInt32BE(body.length + 4);
  return Buffer.concat([head, body]);
};

describe('OutgoingFrames', () => {
  it('puts messages together, however they are cut', () => {
    const body = fc.uint8Array({ maxLength: 40 });
    const message = fc.record({ type: fc.constantFrom('Q', 'X', 'S', 'P'), body });
    fc.assert(
      fc.property(
        body,
        fc.array(message, { maxLength: 6 }),
        fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }),
        (first, messages, cuts) => {
          const whole = [startup(first), ...messages.map((item) => typed(item.type, item.body))];
          const bytes = Buffer.concat(whole);
          const frames = new OutgoingFrames();
          const found: { type: string; bytes: Buffer }[] = [];
          for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
            const size = cuts[turn % cuts.length] ?? 1;
            found.push(...frames.push(bytes.subarray(at, at + size)));
            at += size;
          }
          expect(found.map((frame) => frame.type)).toEqual(['startup', ...messages.map((item) => item.type)]);
          expect(found.map((frame) => frame.bytes.toString('hex'))).toEqual(
            whole.map((item) => item.toString('hex')),
          );
        },
      ),
    );
  });
});
