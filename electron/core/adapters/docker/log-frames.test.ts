import fc from 'fast-check';
import { expect, it } from 'vitest';
import { logFrames, type LogFrame } from './log-frames';

const frame = fc.record({
  stream: fc.constantFrom<LogFrame['stream']>('stdout', 'stderr'),
  text: fc.string({ unit: 'grapheme', maxLength: 40 }),
});

function encode({ stream, text }: LogFrame): Buffer {
  const body = Buffer.from(text);
  const head = Buffer.alloc(8);
  head[0] = stream === 'stderr' ? 2 : 1;
  head.writeUInt32BE(body.length, 4);
  return Buffer.concat([head, body]);
}

it('gives back what was framed, however the bytes are cut', () => {
  fc.assert(
    fc.property(fc.array(frame), fc.integer({ min: 1, max: 50 }), (frames, size) => {
      const bytes = Buffer.concat(frames.map(encode));
      const read = logFrames();
      const got: LogFrame[] = [];
      for (let at = 0; at < bytes.length; at += size) got.push(...read(bytes.subarray(at, at + size)));
      expect(got).toEqual(frames);
    }),
  );
});
