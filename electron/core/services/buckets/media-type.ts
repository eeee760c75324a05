/** What a file's first bytes say that it is, of the kinds that a browser shows without running anything. */
export interface MediaKind {
  kind: 'image' | 'audio' | 'video' | 'pdf';
  mediaType: string;
}

type Signature = MediaKind & { matches: (bytes: Buffer) => boolean };

const startsWith =
  (...values: number[]) =>
  (bytes: Buffer): boolean =>
    values.every((value, index) => bytes[index] === value);
const textAt =
  (at: number, ...texts: string[]) =>
  (bytes: Buffer): boolean =>
    texts.some((text) => bytes.subarray(at, at + text.length).toString('latin1') === text);
const both =
  (...tests: ((bytes: Buffer) => boolean)[]) =>
  (bytes: Buffer): boolean =>
    tests.every((test) => test(bytes));

/** Vector images are not among them: they hold scripts, so they are shown as the text that they are. */
const signatures: readonly Signature[] = [
  {
    kind: 'image',
    mediaType: 'image/png',
    matches: startsWith(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
  },
  { kind: 'image', mediaType: 'image/jpeg', matches: startsWith(0xff, 0xd8, 0xff) },
  { kind: 'image', mediaType: 'image/gif', matches: textAt(0, 'GIF87a', 'GIF89a') },
  { kind: 'image', mediaType: 'image/webp', matches: both(textAt(0, 'RIFF'), textAt(8, 'WEBP')) },
  { kind: 'image', mediaType: 'image/avif', matches: both(textAt(4, 'ftyp'), textAt(8, 'avif', 'avis')) },
  {
    kind: 'image',
    mediaType: 'image/bmp',
    matches: both(textAt(0, 'BM'), (bytes) => bytes.readUInt32LE(6) === 0),
  },
  { kind: 'pdf', mediaType: 'application/pdf', matches: textAt(0, '%PDF-') },
  { kind: 'audio', mediaType: 'audio/mp4', matches: both(textAt(4, 'ftyp'), textAt(8, 'M4A ', 'M4B ')) },
  { kind: 'video', mediaType: 'video/mp4', matches: textAt(4, 'ftyp') },
  { kind: 'video', mediaType: 'video/webm', matches: startsWith(0x1a, 0x45, 0xdf, 0xa3) },
  { kind: 'audio', mediaType: 'audio/ogg', matches: textAt(0, 'OggS') },
  { kind: 'audio', mediaType: 'audio/wav', matches: both(textAt(0, 'RIFF'), textAt(8, 'WAVE')) },
  { kind: 'audio', mediaType: 'audio/flac', matches: textAt(0, 'fLaC') },
  { kind: 'audio', mediaType: 'audio/mpeg', matches: textAt(0, 'ID3') },
  {
    kind: 'audio',
    mediaType: 'audio/mpeg',
    // A frame header: eleven bits of sync, then a version and a layer that exist.
    matches: (bytes) =>
      bytes[0] === 0xff && ((bytes[1] ?? 0) & 0xe6) === 0xe2 && ((bytes[2] ?? 0xf0) & 0xf0) !== 0xf0,
  },
];

/** Undefined when it is none of them. */
export function mediaKindOf(bytes: Buffer): MediaKind | undefined {
  if (bytes.length < 12) return undefined;
  const found = signatures.find(({ matches }) => matches(bytes));
  return found === undefined ? undefined : { kind: found.kind, mediaType: found.mediaType };
}
