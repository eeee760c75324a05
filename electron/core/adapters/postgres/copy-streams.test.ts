import fc from 'fast-check';
import { expect, it } from 'vitest';
import { CopyOutFrames } from './copy-streams';

function frame(type: string, body: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.write(type, 0, 'latin1');
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

it('parts rows from the rest, however the bytes are cut', () => {
  const frames = fc.array(
    fc.tuple(fc.constantFrom('d', 'd', 'd', 'H', 'c', 'C', 'N', 'S', 'Z'), fc.uint8Array({ maxLength: 20 })),
    { maxLength: 30 },
  );
  fc.assert(
    fc.property(
      frames,
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 60 }),
      (all, cuts) => {
        const encoded = all.map(([type, body]) => ({ type, bytes: frame(type, body) }));
        const bytes = Buffer.concat(encoded.map((item) => item.bytes));
        const parser = new CopyOutFrames();
        const found = { rows: Buffer.alloc(0), other: Buffer.alloc(0) };
        for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
          const size = cuts[turn % cuts.length] ?? 1;
          for (const piece of parser.push(bytes.subarray(at, at + size))) {
            found[piece.kind] = Buffer.concat([found[piece.kind], piece.bytes]);
          }
          at += size;
        }
        const wanted = (test: (type: string) => boolean): Buffer =>
          Buffer.concat(encoded.filter((item) => test(item.type)).map((item) => item.bytes));
        expect(found.rows).toEqual(wanted((type) => type === 'd'));
        expect(found.other).toEqual(wanted((type) => !'dHc'.includes(type)));
      },
    ),
  );
});
