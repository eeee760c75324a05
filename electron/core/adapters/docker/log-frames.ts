export interface LogFrame {
  stream: 'stdout' | 'stderr';
  text: string;
}

/**
 * Splits a multiplexed log into its frames: one byte for the stream, three of zero, four for the length, then the text
 * (Engine API, "Stream format"). Give it pieces as they come; it answers the frames that are whole.
 */
export function logFrames(): (chunk: Buffer) => LogFrame[] {
  let rest = Buffer.alloc(0);
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    const frames: LogFrame[] = [];
    while (rest.length >= 8) {
      const length = rest.readUInt32BE(4);
      if (rest.length < 8 + length) break;
      frames.push({
        stream: rest[0] === 2 ? 'stderr' : 'stdout',
        text: rest.subarray(8, 8 + length).toString('utf8'),
      });
      rest = rest.subarray(8 + length);
    }
    return frames;
  };
}
