import { keptHeaders, type ObjectAttributesText } from '#shared/model/buckets';
import type { ObjectAttributes } from '../../ports/objects';

/** Stored attributes, which are byte strings, as text: UTF-8 where they are, Latin-1 otherwise. */
export function attributesToText({ headers, metadata }: ObjectAttributes): ObjectAttributesText {
  return {
    headers: Object.fromEntries(
      keptHeaders.flatMap((name) => (headers[name] === undefined ? [] : [[name, toText(headers[name])]])),
    ),
    metadata: Object.fromEntries(Object.entries(metadata).map(([name, value]) => [name, toText(value)])),
  };
}

/** Text as the byte strings that a store keeps, in UTF-8. Empty headers are left out. */
export function attributesFromText({ headers, metadata }: ObjectAttributesText): ObjectAttributes {
  const bytes = (values: Readonly<Record<string, string | undefined>>): Record<string, string> =>
    Object.fromEntries(
      Object.entries(values).flatMap(([name, value]) =>
        value === undefined ? [] : [[name, Buffer.from(value.trim(), 'utf8').toString('latin1')]],
      ),
    );
  return {
    headers: Object.fromEntries(Object.entries(bytes(headers)).filter(([, value]) => value !== '')),
    metadata: bytes(metadata),
  };
}

function toText(value: string): string {
  const bytes = Buffer.from(value, 'latin1');
  const text = bytes.toString('utf8');
  return text.includes('\ufffd') ? value : text;
}
