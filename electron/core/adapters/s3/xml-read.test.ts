import fc from 'fast-check';
import { expect, it } from 'vitest';
import { listedKey, unescapeXml, xmlBlocks, xmlText } from './xml-read';

it('reads text and repeated elements of an S3 answer', () => {
  const page =
    '<L><IsTruncated>true</IsTruncated><C><Key>a&amp;b</Key></C><C><Key>&#x1F600;&lt;</Key></C></L>';
  expect(xmlText(page, 'IsTruncated')).toBe('true');
  expect(xmlText(page, 'Missing')).toBeUndefined();
  expect([...xmlBlocks(page, 'C')].map((block) => xmlText(block, 'Key'))).toEqual(['a&b', '\u{1f600}<']);
});

it('undoes every escape', () => {
  const unit = fc.constantFrom('a', '&', '<', '>', '"', "'", '\u0001', '\u00e9', '\uffff', '\u{1f600}');
  fc.assert(
    fc.property(fc.string({ unit }), (text) => {
      const escaped = Array.from(text, (character) => `&#${character.codePointAt(0) ?? 0};`).join('');
      expect(unescapeXml(escaped)).toBe(text);
    }),
  );
});

it('decodes keys only where the store says that they are encoded', () => {
  expect(listedKey('<EncodingType>url</EncodingType>', 'a+b%2Bc%2Fd')).toBe('a b+c/d');
  expect(listedKey('<EncodingType/>', 'a+b%2Bc')).toBe('a+b%2Bc');
});
