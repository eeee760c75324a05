import type { ErrorShape } from '#shared/model/errors';

/** A stream that a command writes to: stdout or stderr. */
export interface Sink {
  write(text: string, done?: (error?: Error | null) => void): boolean;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export type Tone = 'good' | 'bad' | 'warn' | 'dim' | 'bold';

const tones: Record<Tone, [number, number]> = {
  good: [32, 39],
  bad: [31, 39],
  warn: [33, 39],
  dim: [2, 22],
  bold: [1, 22],
};

/** How a command talks: documents and results on stdout, everything about the work on stderr. */
export interface Output {
  readonly json: boolean;
  /** A line for a person; with `--json` nothing. */
  line(text?: string): void;
  /** The one JSON document; without `--json` nothing. */
  document(value: unknown): Promise<void>;
  /** One line of NDJSON; resolves when the reader keeps up. Without `--json` nothing. */
  event(value: unknown): Promise<void>;
  /** About the work, on stderr. */
  note(text: string): void;
  /** Replaces the progress line on a terminal; elsewhere nothing. */
  progress(text: string): void;
  /** The failure: on stderr for a person, `{error}` on stdout with `--json`. */
  error(error: ErrorShape): Promise<void>;
  paint(tone: Tone, text: string): string;
}

/** Makes the output of one command. */
export function createOutput(options: {
  json: boolean;
  stdout: Sink;
  stderr: Sink;
  env: Readonly<Record<string, string | undefined>>;
}): Output {
  const { json, stdout, stderr, env } = options;
  const plain = (env.NO_COLOR ?? '') !== '' || env.TERM === 'dumb';
  const colourOn = (sink: Sink) => sink.isTTY === true && !plain;
  const painted = (sink: Sink, tone: Tone, text: string) => {
    const [on, off] = tones[tone];
    return colourOn(sink) ? `\u001b[${on}m${text}\u001b[${off}m` : text;
  };
  let progressShown = false;
  const clearProgress = () => {
    if (progressShown) stderr.write('\r\u001b[2K');
    progressShown = false;
  };
  const write = (text: string) =>
    new Promise<void>((resolve) => {
      stdout.write(text, () => resolve());
    });

  const error: Output['error'] = async (shape) => {
    clearProgress();
    if (json) return write(`${JSON.stringify({ error: shape })}\n`);
    const place = [shape.step, shape.unit].filter((part) => part !== undefined).join(' · ');
    stderr.write(
      `${painted(stderr, 'bad', shape.code)}${place === '' ? '' : ` (${place})`}: ${printable(shape.message)}\n`,
    );
    if (shape.hint !== undefined) stderr.write(`  ${printable(shape.hint)}\n`);
    return undefined;
  };

  return {
    json,
    line: (text = '') => {
      if (json) return;
      clearProgress();
      stdout.write(`${printable(text)}\n`);
    },
    document: async (value) => {
      if (json) await write(`${JSON.stringify(value)}\n`);
    },
    event: async (value) => {
      if (json) await write(`${JSON.stringify(value)}\n`);
    },
    note: (text) => {
      clearProgress();
      stderr.write(`${printable(text)}\n`);
    },
    progress: (text) => {
      if (stderr.isTTY !== true || plain) return;
      progressShown = true;
      // A terminal that does not know its width reports 0.
      const columns = stderr.columns === undefined || stderr.columns === 0 ? 80 : stderr.columns;
      stderr.write(`\r\u001b[2K${printable(text).slice(0, columns - 1)}`);
    },
    error,
    paint: (tone, text) => painted(stdout, tone, text),
  };
}

const colourOrBreak = new RegExp(`(${String.fromCharCode(27)}\\[\\d{1,2}m|\\n)`, 'u');

/** Names come from databases and buckets: control characters but our own colours must not reach a terminal. */
function printable(text: string): string {
  return text
    .split(colourOrBreak)
    .map((part, index) => (index % 2 === 1 ? part : part.replace(/\p{Cc}/gu, '\ufffd')))
    .join('');
}
